//! A full order that claims no more than the tests do: contenders that share a letter are not separated.

use super::best_set::beats;
use super::order::median;

/// One string of letters per contender. Every letter is a largest possible set of contenders of which no two are
/// separated; a contender may be in several. Letters are given in the order of medians: the fastest is in `a`.
///
/// Two are separated if either beats the other in the one-sided sign test of [`super::best_set`] at `alpha / (K-1)`; that
/// level is per pair and direction and does not cover all pairs at once, so letters describe an order and only the best
/// set and the contrasts to the reference are confirmed. After `z` come `A` to `Z`, then `a2`, `b2`, ...
///
/// Source: insert-and-absorb of Piepho, "An algorithm for a letter-based representation of all-pairwise comparisons",
/// J. Comput. Graph. Stat. 13 (2004), without its final sweep, which thins letters: the result is all maximal cliques of
/// the graph of unseparated pairs.
///
/// # Panics
/// If the contenders do not have equally many rounds.
#[must_use]
pub fn letters(times: &[Vec<f64>], alpha: f64) -> Vec<String> {
    let beats = beats(times, alpha);
    let medians: Vec<f64> = times.iter().map(|t| median(t)).collect();
    // Everything below speaks of places in this order. Equal medians keep the order of the caller.
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_by(|i, j| medians[*i].total_cmp(&medians[*j]));
    let separated = |x: usize, y: usize| {
        let (i, j) = (order[x], order[y]);
        beats[i][j] || beats[j][i]
    };
    let mut letters = vec![String::new(); times.len()];
    for (index, clique) in unseparated_cliques(times.len(), separated).iter().enumerate() {
        for place in clique {
            letters[order[*place]].push_str(&symbol(index));
        }
    }
    letters
}

/// All maximal sets of places without a separated pair, each ascending, in lexicographic order.
fn unseparated_cliques(k: usize, separated: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut cliques: Vec<Vec<usize>> = vec![(0..k).collect()];
    for x in 0..k {
        for y in x + 1..k {
            if separated(x, y) {
                cliques = absorb(insert(cliques, x, y));
            }
        }
    }
    cliques.sort_unstable();
    cliques
}

/// Splits every set that holds both x and y into one without x and one without y.
fn insert(cliques: Vec<Vec<usize>>, x: usize, y: usize) -> Vec<Vec<usize>> {
    let without = |clique: &[usize], place| clique.iter().copied().filter(|p| *p != place).collect();
    let splits = |clique: Vec<usize>| {
        if clique.contains(&x) && clique.contains(&y) {
            vec![without(&clique, y), without(&clique, x)]
        } else {
            vec![clique]
        }
    };
    cliques.into_iter().flat_map(splits).collect()
}

/// Drops every set that another one contains.
fn absorb(mut cliques: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    // Larger ones first: a set can only be inside one that is already kept.
    cliques.sort_by_key(|clique| std::cmp::Reverse(clique.len()));
    let mut kept: Vec<Vec<usize>> = Vec::with_capacity(cliques.len());
    for clique in cliques {
        let inside = |other: &Vec<usize>| clique.iter().all(|place| other.binary_search(place).is_ok());
        if !kept.iter().any(inside) {
            kept.push(clique);
        }
    }
    kept
}

/// The letter of the clique with this index.
fn symbol(index: usize) -> String {
    const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let letter = char::from(LETTERS[index % LETTERS.len()]);
    match index / LETTERS.len() {
        0 => letter.to_string(),
        cycle => format!("{letter}{}", cycle + 1),
    }
}

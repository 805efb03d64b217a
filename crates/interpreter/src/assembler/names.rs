//! Tables of names, and the nearest of them to one that is not there.

/// Names in the order in which they came, each once.
#[derive(Default)]
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn add(&mut self, name: &str) -> u16 {
        self.index(name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() as u16 - 1
        })
    }

    pub(super) fn index(&self, name: &str) -> Option<u16> {
        self.0.iter().position(|known| known == name).map(|index| index as u16)
    }

    pub(super) fn len(&self) -> u16 {
        self.0.len() as u16
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.0
    }
}

/// What to say of a name that is not there: the nearest, or all that there are.
pub(super) fn nearest(given: &str, known: &[&str]) -> String {
    let near = known.iter().map(|known| (strsim::damerau_levenshtein(given, known), known)).min();
    match near {
        Some((distance, near)) if distance <= 1 + given.len() / 4 => format!("did you mean {near:?}?"),
        _ => allowed(known),
    }
}

/// All that there are.
pub(super) fn allowed(known: &[&str]) -> String {
    if known.is_empty() { String::from("there is none") } else { format!("there is {}", known.join(", ")) }
}

//! Reading Rust without a parser: code and comments apart, so that a rule about the one never trips over the other.

/// Splits a file into its code and its comments. Both keep the lines of the original; literals are in neither.
pub(super) fn split(text: &str) -> (String, String) {
    let mut splitter = Splitter { rest: text, last: '\n', code: String::new(), comments: String::new() };
    while let Some(first) = splitter.rest.chars().next() {
        splitter.step(first);
    }
    (splitter.code, splitter.comments)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

struct Splitter<'t> {
    rest: &'t str,
    /// The character before `rest`.
    last: char,
    code: String,
    comments: String,
}

impl Splitter<'_> {
    fn step(&mut self, first: char) {
        let rest = self.rest;
        if rest.starts_with("//") {
            self.take(rest.find('\n').unwrap_or(rest.len()), Kind::Comment);
        } else if rest.starts_with("/*") {
            self.take(block_comment(rest), Kind::Comment);
        } else if let Some(length) = raw_string(rest).filter(|_| !is_identifier(self.last) || "bc".contains(self.last))
        {
            self.take(length, Kind::Literal);
        } else if first == '"' {
            self.take(1 + closing(&rest[1..], '"'), Kind::Literal);
        } else if first == '\'' && is_char_literal(rest) {
            self.take(1 + closing(&rest[1..], '\''), Kind::Literal);
        } else {
            self.take(first.len_utf8(), Kind::Code);
        }
    }

    fn take(&mut self, length: usize, kind: Kind) {
        let (taken, rest) = self.rest.split_at(length);
        for c in taken.chars() {
            let blank = if c == '\n' { '\n' } else { ' ' };
            self.code.push(if kind == Kind::Code { c } else { blank });
            self.comments.push(if kind == Kind::Comment { c } else { blank });
            self.last = c;
        }
        self.rest = rest;
    }
}

/// Length of the block comment that `text` begins with, nested ones included.
fn block_comment(text: &str) -> usize {
    let (mut at, mut depth) = (2, 1);
    while depth > 0 && at < text.len() {
        let (step, change) = match text.as_bytes().get(at..at + 2) {
            Some(b"/*") => (2, 1),
            Some(b"*/") => (2, -1),
            _ => (1, 0),
        };
        at += step;
        depth += change;
    }
    at
}

/// Length of the raw string that `text` begins with.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let opening = 1 + hashes + 1;
    Some(body.find(&end).map_or(text.len(), |at| opening + at + end.len()))
}

/// Length up to and with the closing quote, escapes heeded.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !escaped {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// `'a'` and `'\n'`, but not the lifetime `'a`.
fn is_char_literal(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    match chars.next() {
        Some('\\') => true,
        Some(_) => chars.next() == Some('\''),
        None => false,
    }
}

fn is_identifier(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The identifiers of a text, in order.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_identifier(c)).filter(|word| !word.is_empty())
}

/// Numbers, from 1, of the lines that hold `word` as a whole word.
pub(super) fn lines_with(text: &str, word: &str) -> Vec<usize> {
    let holds = |(index, line): (usize, &str)| words(line).any(|found| found == word).then_some(index + 1);
    text.lines().enumerate().filter_map(holds).collect()
}

/// `MapReduce` as `map_reduce`.
pub(super) fn snake_case(camel: &str) -> String {
    let mut snake = String::new();
    for c in camel.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// `map_reduce` as `MapReduce`.
pub(super) fn camel_case(snake: &str) -> String {
    let capital = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    snake.split('_').map(capital).collect()
}

/// `shared-state`: lowercase words and digits between single hyphens.
pub(super) fn is_kebab_case(id: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    id.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_comments_come_apart() {
        let text =
            "let a = 'x'; // one\nlet b: &'a str = \"// no \\\" comment\"; /* two /* in */ */ c\nr#\"raw \" \"# d";
        let (code, comments) = split(text);
        assert_eq!(words(&code).collect::<Vec<_>>(), ["let", "a", "let", "b", "a", "str", "c", "d"]);
        assert_eq!(words(&comments).collect::<Vec<_>>(), ["one", "two", "in"]);
        assert_eq!(code.lines().count(), text.lines().count());
        assert_eq!(comments.lines().count(), text.lines().count());
    }

    #[test]
    fn literals_that_look_like_other_things() {
        let code = |text: &str| split(text).0.split_whitespace().collect::<String>();
        assert_eq!(code(r"'\'' + '\\' + '\u{1F600}' + '/'"), "+++");
        assert_eq!(code("b'\"' + br\"\\\" + c\"x\" + for_r + r"), "b+b+c+for_r+r");
        assert_eq!(code("\"two\nlines\" + \"\""), "+");
        assert_eq!(code("/**/ a /*/ b */ c"), "ac");
        assert_eq!(code("impl<'a> Of<'a, '_> {}"), "impl<'a>Of<'a,'_>{}");
    }

    #[test]
    fn names_change_case() {
        assert_eq!(snake_case("MapReduce"), "map_reduce");
        assert_eq!(camel_case("word_count"), "WordCount");
        assert!(is_kebab_case("par-iter") && is_kebab_case("python3"));
        assert!(!is_kebab_case("par_iter") && !is_kebab_case("a--b") && !is_kebab_case(""));
    }
}

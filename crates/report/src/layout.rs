//! Lines of a terminal: words with tab stops, wrapped with a hanging indent, never longer than the width.

/// How a word is printed. Meaning never hangs on it, because colour may be off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Plain,
    Bold,
    Dim,
    Alarm,
}

/// A piece of a line.
pub(crate) enum Item {
    /// Words, broken at spaces where the line ends.
    Words(Ink, String),
    /// The next word starts at this column, or one space on.
    Tab(usize),
    /// Wide space between facts.
    Gap,
}

/// Plain words.
pub(crate) fn plain(text: impl Into<String>) -> Item {
    Item::Words(Ink::Plain, text.into())
}

/// A space at which no line breaks.
pub(crate) const JOIN: &str = "\u{a0}";

/// Text from outside on one line: control characters would move the cursor, direction marks reorder the line.
fn printable(text: &str) -> String {
    let direction = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let blank = |c: char| c.is_control() || direction(c) || (c.is_whitespace() && c != '\u{a0}');
    text.chars().map(|c| if blank(c) { ' ' } else { c }).collect()
}

/// Lines so far.
pub(crate) struct Page {
    colour: bool,
    width: usize,
    out: String,
}

impl Page {
    /// A page of `width` columns; a width too small to hold a word is taken as 20.
    pub(crate) fn new(colour: bool, width: usize) -> Self {
        Self { colour, width: width.max(20), out: String::new() }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.out.push('\n');
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    /// Writes a line; what does not fit goes on below, indented by `hang`. `right` stands at the right edge.
    pub(crate) fn line(&mut self, hang: usize, items: Vec<Item>, right: &str) {
        let words = |item: &Item| matches!(item, Item::Words(_, text) if !text.is_empty());
        if right.is_empty() && !items.iter().any(words) {
            return;
        }
        let hang = hang.min(self.width / 2);
        let (mut column, mut gap) = (0, 0);
        for item in items {
            match item {
                Item::Tab(to) => gap = to.saturating_sub(column).max(usize::from(column > 0)),
                Item::Gap => gap = if column > 0 { 3 } else { 0 },
                Item::Words(ink, text) => {
                    // A per cent sign stays with its figure.
                    for word in printable(&text).replace(" %", "\u{a0}%").split(' ').filter(|word| !word.is_empty()) {
                        self.word(ink, word, gap, hang, &mut column);
                        gap = 1;
                    }
                }
            }
        }
        if !right.is_empty() {
            let length = right.chars().count().min(self.width);
            if column > 0 && column + 2 + length > self.width {
                self.out.push('\n');
                column = 0;
            }
            self.pad(self.width - length - column);
            self.out.extend(right.chars().take(length));
        }
        self.out.push('\n');
    }

    /// Places one word: here, on the next line, or in pieces where no line could hold it.
    fn word(&mut self, ink: Ink, word: &str, gap: usize, hang: usize, column: &mut usize) {
        let mut left: Vec<char> = word.chars().collect();
        let mut gap = gap;
        if *column > 0 && *column + gap + left.len() > self.width {
            self.out.push('\n');
            self.pad(hang);
            *column = hang;
            gap = 0;
        }
        self.pad(gap);
        *column += gap;
        while !left.is_empty() {
            let fits = left.len().min(self.width.saturating_sub(*column).max(1));
            let piece: String = left.drain(..fits).collect();
            self.inked(ink, &piece);
            *column += fits;
            if !left.is_empty() {
                self.out.push('\n');
                self.pad(hang);
                *column = hang;
            }
        }
    }

    fn pad(&mut self, n: usize) {
        self.out.extend(std::iter::repeat_n(' ', n));
    }

    fn inked(&mut self, ink: Ink, text: &str) {
        let text = text.replace(JOIN, " ");
        let code = match ink {
            Ink::Plain => None,
            Ink::Bold => Some("1"),
            Ink::Dim => Some("2"),
            Ink::Alarm => Some("31"),
        };
        match code.filter(|_| self.colour) {
            Some(code) => self.out.extend(["\u{1b}[", code, "m", &text, "\u{1b}[0m"]),
            None => self.out.push_str(&text),
        }
    }
}

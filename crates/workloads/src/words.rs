//! Words as bytes: how arrays of `u64` travel, little-endian and all at once, where a format's own integers would take up
//! to ten bytes each and a loop over them. For `#[serde(with = "crate::words")]`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

const WORD: usize = size_of::<u64>();

/// Writes a slice of words as bytes.
pub(crate) fn serialize<T: AsRef<[u64]>, S: Serializer>(words: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let words = words.as_ref();
    let mut bytes = vec![0; words.len() * WORD];
    for (bytes, word) in bytes.as_chunks_mut::<WORD>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    serializer.serialize_bytes(&bytes)
}

/// Reads them back, in one pass over the bytes where they lie.
pub(crate) fn deserialize<'de, T: From<Vec<u64>>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_bytes(Words(PhantomData))
}

struct Words<T>(PhantomData<T>);

impl<T: From<Vec<u64>>> Visitor<'_> for Words<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("words of eight bytes each")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
        match bytes.as_chunks::<WORD>() {
            (words, []) => Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect::<Vec<_>>().into()),
            (_, rest) => Err(E::custom(format_args!("{} bytes too many for whole words", rest.len()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder(#[serde(with = "super")] Vec<u64>);

    #[test]
    fn words_travel_as_eight_bytes_each() {
        for words in [vec![], vec![1], vec![u64::MAX, 0, 1 << 33]] {
            let bytes = postcard::to_stdvec(&Holder(words.clone())).unwrap();
            assert_eq!(bytes.len(), 1 + 8 * words.len());
            assert_eq!(postcard::from_bytes::<Holder>(&bytes), Ok(Holder(words)));
        }
        assert!(postcard::from_bytes::<Holder>(&[3, 1, 2, 3]).is_err());
    }
}

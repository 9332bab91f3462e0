//! Converts nodes into types with serde. A value of a wrong type is an error with its position. An unknown key is a
//! remark with its position.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer,
    VariantAccess, Visitor,
};

use crate::error::ConfigError;
use crate::older;
use crate::yaml::{self, Mark, YamlNode, YamlProblem, YamlValue};

/// A key that its type does not know.
#[derive(Debug, Clone)]
pub struct UnknownKey {
    /// The keys that lead to it, without the key itself.
    pub within: Vec<String>,
    /// The key.
    pub key: String,
    /// Its position.
    pub mark: Mark,
    /// The keys that the type has.
    pub known: &'static [&'static str],
}

/// A value of a wrong type.
#[derive(Debug, Clone)]
pub struct WrongType {
    /// The expected and the found type.
    pub message: String,
    /// Its position.
    pub mark: Mark,
    /// The keys that lead to it, without positions in lists.
    pub path: Vec<String>,
}

/// Converts `node` into a `T`.
///
/// # Errors
/// The first wrong value.
pub fn read<'a, T: Deserialize<'a>>(
    node: &'a YamlNode,
    unknown: &RefCell<Vec<UnknownKey>>,
) -> Result<T, WrongType> {
    T::deserialize(NodeReader { node, unknown, path: &Path { key: "", parent: None } }).map_err(|error| {
        WrongType { message: error.message, mark: error.mark.unwrap_or(node.mark), path: error.path }
    })
}

/// Parses a text and converts it into a `T`.
///
/// # Errors
/// When the text is not valid YAML, or a value in it is wrong.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, ConfigError> {
    let (tree, _) = yaml::parse(text, 0)?;
    let read = read(&tree, &RefCell::default());
    Ok(read.map_err(|wrong| YamlProblem { mark: wrong.mark, message: wrong.message })?)
}

#[derive(Debug)]
struct Error {
    message: String,
    mark: Option<Mark>,
    path: Vec<String>,
}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), mark: None, path: Vec::new() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

struct Path<'p> {
    key: &'p str,
    parent: Option<&'p Path<'p>>,
}

impl Path<'_> {
    fn keys(&self) -> Vec<String> {
        let mut keys = self.parent.map_or_else(Vec::new, Path::keys);
        if !self.key.is_empty() {
            keys.push(self.key.to_owned());
        }
        keys
    }
}

#[derive(Clone, Copy)]
struct NodeReader<'a, 'p> {
    node: &'a YamlNode,
    unknown: &'p RefCell<Vec<UnknownKey>>,
    path: &'p Path<'p>,
}

impl<'a> NodeReader<'a, '_> {
    fn locate(&self, mut error: Error) -> Error {
        if error.mark.is_none() {
            error.mark = Some(self.node.mark);
            error.path = self.path.keys();
        }
        error
    }

    fn wrong(&self, expected: &str) -> Error {
        let found = match &self.node.value {
            YamlValue::Scalar { text, .. } if text.chars().count() > 40 => "a longer text".to_owned(),
            YamlValue::Scalar { text, .. } => format!("`{}`", text.replace('\n', " ")),
            YamlValue::Sequence(_) => "a list".to_owned(),
            YamlValue::Mapping(_) => "a map".to_owned(),
        };
        self.locate(de::Error::custom(format!("expected {expected}, found {found}")))
    }

    fn scalar(&self, expected: &str) -> Result<&'a str, Error> {
        self.node.text().ok_or_else(|| self.wrong(expected))
    }

    fn integer<T: std::str::FromStr>(&self, expected: &str) -> Result<T, Error> {
        let text = self.scalar(expected)?.replace('_', "");
        text.parse().map_err(|_| self.wrong(expected))
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $expected:literal,)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.integer($expected)?).map_err(|error| self.locate(error))
        }
    )*};
}

impl<'a> Deserializer<'a> for NodeReader<'a, '_> {
    type Error = Error;

    integers! {
        deserialize_i8 visit_i8 "a whole number",
        deserialize_i16 visit_i16 "a whole number",
        deserialize_i32 visit_i32 "a whole number",
        deserialize_i64 visit_i64 "a whole number",
        deserialize_u8 visit_u8 "a whole number, 0 or more",
        deserialize_u16 visit_u16 "a whole number, 0 or more",
        deserialize_u32 visit_u32 "a whole number, 0 or more",
        deserialize_u64 visit_u64 "a whole number, 0 or more",
        deserialize_f32 visit_f32 "a number",
        deserialize_f64 visit_f64 "a number",
    }

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            YamlValue::Sequence(_) => self.deserialize_seq(visitor),
            YamlValue::Mapping(_) => self.deserialize_map(visitor),
            YamlValue::Scalar { .. } if self.node.is_null() => {
                visitor.visit_unit().map_err(|error| self.locate(error))
            }
            YamlValue::Scalar { text, .. } => match self.node.as_bool() {
                Some(value) => visitor.visit_bool(value).map_err(|error| self.locate(error)),
                None => visitor.visit_borrowed_str(text).map_err(|error| self.locate(error)),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.node.as_bool().ok_or_else(|| self.wrong("true or false (or yes, no, on, off)"))?;
        visitor.visit_bool(value)
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.scalar("text")?;
        if self.node.is_null() && text.is_empty() {
            return Err(self.locate(de::Error::custom("expected text, found nothing")));
        }
        visitor.visit_borrowed_str(text).map_err(|error| self.locate(error))
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let YamlValue::Sequence(items) = &self.node.value else { return Err(self.wrong("a list")) };
        let items = items.iter().map(|node| NodeReader { node, ..self });
        visitor.visit_seq(de::value::SeqDeserializer::new(items)).map_err(|error| self.locate(error))
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let entries = match &self.node.value {
            YamlValue::Mapping(entries) => entries.as_slice(),
            _ if self.node.is_null() => &[],
            _ => return Err(self.wrong("a map")),
        };
        visitor
            .visit_map(Entries { reader: self, entries: entries.iter(), value: None })
            .map_err(|error| self.locate(error))
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if let YamlValue::Mapping(entries) = &self.node.value {
            for (key, _) in entries {
                let name = key.text().unwrap_or_default();
                if !known.contains(&name) {
                    let (within, key_name) = (self.path.keys(), name.to_owned());
                    let remark = UnknownKey { within, key: key_name, mark: key.mark, known };
                    self.unknown.borrow_mut().push(remark);
                }
            }
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let text = self.node.text().filter(|text| variants.contains(text));
        let text = text.ok_or_else(|| {
            // Older words are accepted, but not suggested.
            let today: Vec<_> = variants.iter().copied().filter(|word| older::kind(word) == *word).collect();
            self.wrong(&format!("one of {}", today.join(", ")))
        })?;
        visitor.visit_enum(Variant(text)).map_err(|error| self.locate(error))
    }

    serde::forward_to_deserialize_any! { <V: Visitor<'a>> bytes byte_buf unit_struct tuple tuple_struct ignored_any i128 u128 }
}

impl<'a> IntoDeserializer<'a, Error> for NodeReader<'a, '_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

struct Entries<'a, 'p> {
    reader: NodeReader<'a, 'p>,
    entries: std::slice::Iter<'a, (YamlNode, YamlNode)>,
    value: Option<(&'a YamlNode, &'a YamlNode)>,
}

impl<'a> de::MapAccess<'a> for Entries<'a, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some((key, value));
        let name: StrDeserializer<'_, Error> = key.text().unwrap_or_default().into_deserializer();
        seed.deserialize(name)
            .map(Some)
            .map_err(|error| NodeReader { node: key, ..self.reader }.locate(error))
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let Some((key, value)) = self.value.take() else {
            return Err(de::Error::custom("a value without a key"));
        };
        let path = Path { key: key.text().unwrap_or_default(), parent: Some(self.reader.path) };
        seed.deserialize(NodeReader { node: value, unknown: self.reader.unknown, path: &path })
    }
}

struct Variant<'a>(&'a str);

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let name: StrDeserializer<'_, Error> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'a> VariantAccess<'a> for Variant<'a> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, _: T) -> Result<T::Value, Error> {
        Err(de::Error::custom("expected a name"))
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("expected a name"))
    }

    fn struct_variant<V: Visitor<'a>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("expected a name"))
    }
}

//! Whether a JSON pointer names a field that a command has. The types that read a command know their fields; they are
//! asked by reading with something that holds nothing but the place pointed at.

use super::{Act, Raw};
use crate::id::SubjectKind;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use std::cell::Cell;

/// What there is instead of a field that does not exist; empty where a value has no members.
pub(super) type Instead = &'static [&'static str];

/// Follows a pointer into a command of that kind and full name. A field that may be left out is one; of a list every item is
/// there; what has no fixed form takes any pointer.
///
/// # Errors
/// What the object has that lacks the field.
pub(super) fn follow(kind: SubjectKind, name: &str, pointer: &str) -> Result<(), Instead> {
    let path: Vec<String> =
        pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~")).collect();
    let (found, instead): (_, Cell<Instead>) = (Cell::new(false), Cell::new(&[]));
    let probe = |path| Probe { path, found: &found, instead: &instead };
    // Reading ends with the place, so what it gives is of no interest.
    match path.split_first() {
        Some((first, inner)) if first == "data" && !inner.is_empty() => {
            let _ = Act::read(kind, name, probe(inner));
        }
        _ => {
            let _ = Raw::deserialize(probe(&path));
        }
    }
    if found.get() { Ok(()) } else { Err(instead.get()) }
}

#[derive(Clone, Copy)]
struct Probe<'p> {
    path: &'p [String],
    found: &'p Cell<bool>,
    instead: &'p Cell<Instead>,
}

impl<'p> Probe<'p> {
    /// The first name of the path and what is left of it; the end where there is none.
    fn step(self) -> Result<(&'p str, Self), Error> {
        let Some((first, path)) = self.path.split_first() else { return Err(self.there()) };
        Ok((first, Self { path, ..self }))
    }

    fn there(self) -> Error {
        self.found.set(true);
        end()
    }
}

fn end() -> Error {
    Error::custom("the end of the pointer")
}

/// A value without members.
macro_rules! plain {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(match self.step() {
                Ok(_) => end(),
                Err(there) => there,
            })
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    plain! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char
        deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(self.there())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(self.there())
    }

    fn deserialize_map<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(self.there())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.path.is_empty() { Err(self.there()) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let (item, inner) = self.step()?;
        if item.parse::<usize>().is_err() {
            return Err(end());
        }
        visitor.visit_seq(Inner { name: item, probe: inner })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (name, inner) = self.step()?;
        if !fields.contains(&name) {
            self.instead.set(fields);
            return Err(end());
        }
        visitor.visit_map(Inner { name, probe: inner })
    }
}

/// An object or a list of the one member pointed at.
struct Inner<'p> {
    name: &'p str,
    probe: Probe<'p>,
}

impl<'de> MapAccess<'de> for Inner<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let name: StrDeserializer<'_, Error> = self.name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(self.probe)
    }
}

impl<'de> SeqAccess<'de> for Inner<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        seed.deserialize(self.probe).map(Some)
    }
}

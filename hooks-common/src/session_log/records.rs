//! The records that domains add to a line of a session's log. Each has its own key and a type of its domain.

use std::any::Any;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One domain's record in a line of a session's log. Only this domain writes and reads it.
pub trait Record: Serialize + DeserializeOwned + Default + 'static {
    /// The key in the line.
    const NAME: &'static str;

    /// Whether there is nothing to log. The line then has no such key.
    fn is_empty(&self) -> bool;

    /// Whether the record contains more than the fact that a tool is used. A full log keeps such a line.
    fn is_significant(&self) -> bool {
        !self.is_empty()
    }

    /// The part that is kept if the whole line is too long.
    fn shortened(&self) -> Option<Value> {
        serde_json::to_value(self).ok()
    }
}

/// The domains' records of one line, by key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Records {
    parts: Map<String, Value>,
    #[serde(skip)]
    short: Map<String, Value>,
    #[serde(skip)]
    is_significant: bool,
}

impl Records {
    /// A domain's record. `None` if the line has none, or one that is not valid.
    pub fn get<R: Record>(&self) -> Option<R> {
        R::deserialize(self.parts.get(R::NAME)?).ok()
    }

    /// Adds or replaces a domain's record. An empty record is ignored.
    pub fn put<R: Record>(&mut self, record: &R) {
        if record.is_empty() {
            return;
        }
        if let Ok(part) = serde_json::to_value(record) {
            self.is_significant |= record.is_significant();
            self.short.extend(record.shortened().map(|short| (R::NAME.to_owned(), short)));
            self.parts.insert(R::NAME.to_owned(), part);
        }
    }

    /// One value in a record, for readers outside its domain.
    pub(crate) fn value(&self, name: &str, key: &str) -> Option<&Value> {
        self.parts.get(name)?.get(key)
    }

    /// Whether a record contains more than the fact that a tool is used.
    pub(super) fn is_significant(&self) -> bool {
        self.is_significant
    }

    /// The records in their short form, for a line that is too long.
    pub(super) fn shortened(&self) -> Self {
        Self { parts: self.short.clone(), ..Self::default() }
    }
}

/// The domains' records while a hook works, each in its own type.
#[derive(Debug, Default)]
pub struct PendingRecords(Vec<Box<dyn PendingRecord>>);

impl PendingRecords {
    /// A domain's record, if it was started.
    pub fn get<R: Record + PendingRecord>(&self) -> Option<&R> {
        self.0.iter().find_map(|part| part.as_any().downcast_ref())
    }

    /// A domain's record. It is created empty if it does not exist.
    pub fn get_mut<R: Record + PendingRecord>(&mut self) -> &mut R {
        let known = self.0.iter().position(|part| part.as_any().is::<R>());
        let at = known.unwrap_or_else(|| {
            self.0.push(Box::new(R::default()));
            self.0.len() - 1
        });
        // The entry is an `R`: it was found or created as one.
        self.0[at].as_any_mut().downcast_mut().expect("a part of its own type")
    }

    /// Removes a domain's record and returns it.
    pub fn take<R: Record + PendingRecord>(&mut self) -> Option<R> {
        self.get::<R>()?;
        let part = std::mem::take(self.get_mut::<R>());
        self.0.retain(|part| !part.as_any().is::<R>());
        Some(part)
    }

    /// Moves all records into a line.
    pub(crate) fn write(&mut self, records: &mut Records) {
        for part in self.0.drain(..) {
            part.write(records);
        }
    }
}

/// A record whose type only its domain knows.
pub trait PendingRecord: std::fmt::Debug + Any {
    /// Adds the record to a line.
    fn write(&self, records: &mut Records);
    /// Used to find a record by its type.
    fn as_any(&self) -> &dyn Any;
    /// Used to change a record of a known type.
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<R: Record + std::fmt::Debug> PendingRecord for R {
    fn write(&self, records: &mut Records) {
        records.put(self);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
    struct Steps {
        count: u32,
    }

    impl Record for Steps {
        const NAME: &'static str = "steps";

        fn is_empty(&self) -> bool {
            self.count == 0
        }
    }

    /// A part that is long, and tells little.
    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
    struct Words {
        all: Vec<String>,
    }

    impl Record for Words {
        const NAME: &'static str = "words";

        fn is_empty(&self) -> bool {
            self.all.is_empty()
        }

        fn is_significant(&self) -> bool {
            false
        }

        fn shortened(&self) -> Option<Value> {
            None
        }
    }

    fn words() -> Words {
        Words { all: vec!["one".to_owned(), "two".to_owned()] }
    }

    #[test]
    fn each_domain_finds_its_own_part_again() {
        let mut records = Records::default();
        records.put(&Steps { count: 3 });
        records.put(&words());
        let line = serde_json::to_value(&records).unwrap();
        assert_eq!(line, json!({"steps": {"count": 3}, "words": {"all": ["one", "two"]}}));
        let read: Records = serde_json::from_value(line).unwrap();
        assert_eq!(read.get::<Steps>(), Some(Steps { count: 3 }));
        assert_eq!(read.get::<Words>(), Some(words()));
        assert_eq!(read.value("steps", "count"), Some(&json!(3)));
        assert_eq!((read.value("steps", "other"), read.value("nobody", "count")), (None, None));
    }

    #[test]
    fn an_empty_part_is_not_kept_and_an_odd_one_is_nobodys() {
        let mut records = Records::default();
        records.put(&Steps::default());
        assert_eq!(serde_json::to_value(&records).unwrap(), json!({}));
        let odd: Records = serde_json::from_value(json!({"steps": {"count": "many"}})).unwrap();
        assert_eq!(odd.get::<Steps>(), None);
        assert_eq!(Records::default().get::<Words>(), None);
    }

    #[test]
    fn what_one_part_tells_makes_the_line_significant() {
        let mut records = Records::default();
        records.put(&words());
        assert!(!records.is_significant());
        records.put(&Steps { count: 1 });
        assert!(records.is_significant());
        records.put(&words());
        assert!(records.is_significant(), "what comes later takes nothing away");
        assert!(!Steps::default().is_significant());
    }

    #[test]
    fn a_line_that_is_too_long_keeps_what_each_part_says_it_may() {
        let mut records = Records::default();
        records.put(&Steps { count: 2 });
        records.put(&words());
        assert_eq!(serde_json::to_value(records.shortened()).unwrap(), json!({"steps": {"count": 2}}));
    }

    #[test]
    fn parts_are_begun_changed_taken_and_written() {
        let mut pending = PendingRecords::default();
        assert!(pending.get::<Steps>().is_none() && pending.take::<Steps>().is_none());
        pending.get_mut::<Steps>().count += 1;
        pending.get_mut::<Words>().all.push("one".to_owned());
        pending.get_mut::<Steps>().count += 1;
        pending.get_mut::<Words>().all.push("two".to_owned());
        assert_eq!(pending.get::<Steps>(), Some(&Steps { count: 2 }));
        assert_eq!(pending.take::<Steps>(), Some(Steps { count: 2 }));
        assert!(pending.get::<Steps>().is_none());
        assert_eq!(pending.get::<Words>(), Some(&words()));
        pending.get_mut::<Steps>().count = 7;
        let mut records = Records::default();
        pending.write(&mut records);
        assert_eq!(
            (records.get::<Steps>(), records.get::<Words>()),
            (Some(Steps { count: 7 }), Some(words()))
        );
        assert!(pending.get::<Words>().is_none(), "they are in the line now");
    }
}

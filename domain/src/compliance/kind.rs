//! The kinds of what is not as the rules have it.

use crate::words::Term;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($( $(#[$doc:meta])* $Kind:ident = $name:literal, $en:literal, $zh:literal; )*) => {
        /// What kind of thing is not as the rules have it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum BreachKind { $( $(#[$doc])* $Kind, )* }

        impl BreachKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[ $( Self::$Kind, )* ];

            /// The word in JSON and on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$Kind => $name, )* }
            }

            /// In both languages.
            #[must_use]
            pub const fn term(self) -> Term {
                match self { $( Self::$Kind => Term { en: $en, zh: $zh }, )* }
            }
        }
    };
}

kinds! {
    /// Called for by a day, and no record of its being done when the day was over: the ledger knows what is recorded, not what
    /// was done.
    NotDone = "not-done", "no record of it being done by its day", "逾期未见办理记录";
    /// A decision that the rules call for and nobody has made, or not before time ran out.
    NotDecided = "not-decided", "called for and not decided", "应作决定而未作";
    /// Called for "in time" (及时) and not done: no rule says by which day, so whether it is late is for people to say.
    Outstanding = "outstanding", "called for in time, not done yet", "应及时办理而尚未办理";
    /// Done, after its day.
    DoneLate = "done-late", "done late", "逾期办理";
    /// Nothing is recorded that the act rests on.
    WithoutBasis = "without-basis", "without basis", "缺少依据";
    /// A step that the rules put before the act is not recorded.
    StepLeftOut = "step-left-out", "a step left out", "程序缺漏";
    /// Beyond what the rule in force allows: a term, a sum, points, a number.
    OutOfRange = "out-of-range", "out of range", "超出规定幅度";
    /// By a body that may not do it, or not there.
    WrongAuthority = "wrong-authority", "by the wrong body", "作出机关不符";
    /// The law of its day would have refused it, or had it come to something else.
    AgainstRule = "against-rule", "not as the rule has it", "不符规定";
    /// Recorded long after it took effect.
    RecordedLate = "recorded-late", "recorded late", "滞后记录";
    /// In doubt, or resting on what is not known: to be looked at by a person.
    ToExamine = "to-examine", "to be examined", "存疑待查";
}

impl BreachKind {
    /// By its word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_json_are_the_names() {
        for kind in BreachKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(BreachKind::parse(kind.name()), Some(*kind));
        }
    }
}

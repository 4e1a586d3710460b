//! One table per subject kind names its commands and events once.

/// Generates the command enum and the event enum of a subject kind from one table: names as outsiders write them, stable
/// numbers as stored, schema versions, and the facts each carries. Every kind has the commands `Annul`, `Correct` and
/// `CloseObligation` and the events `DecisionAnnulled`, `RecordCorrected` and `ObligationClosed`.
///
/// A number once given is never given to another event. A schema version rises only together with an upcaster in
/// [`crate::event::upcast`] and a fixture of the old form.
macro_rules! vocabulary {
    (
        subject $subject:literal;
        commands $Command:ident { $( $(#[$cdoc:meta])* $CVariant:ident = $cname:literal : $CData:ty, )* }
        events $Event:ident { $( $(#[$edoc:meta])* $number:literal $EVariant:ident = $ename:literal v $schema:literal : $EData:ty, )* }
    ) => {
        /// What can be asked of this kind of subject.
        #[derive(Clone, PartialEq, Debug)]
        pub enum $Command { $( $(#[$cdoc])* $CVariant($CData), )* }

        impl $Command {
            /// Every command by its full name.
            pub const NAMES: &'static [&'static str] = &[ $( concat!($subject, ".", $cname), )* ];

            /// The full name: `institution.suspend-agreement`.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $( Self::$CVariant(_) => concat!($subject, ".", $cname), )* }
            }

            /// The annulment asked for, if it is one.
            #[must_use]
            pub const fn annulment(&self) -> Option<&$crate::event::Annulment> {
                if let Self::Annul(data) = self { Some(data) } else { None }
            }

            /// The correction asked for, if it is one.
            #[must_use]
            pub const fn correction(&self) -> Option<&$crate::event::Correction> {
                if let Self::Correct(data) = self { Some(data) } else { None }
            }

            /// The closing of an obligation asked for, if it is one.
            #[must_use]
            pub const fn closing(&self) -> Option<&$crate::obligation::ObligationClosing> {
                if let Self::CloseObligation(data) = self { Some(data) } else { None }
            }

            /// Reads the `data` of the command of that full name; none when there is no such command.
            pub(crate) fn read<'de, D: serde::Deserializer<'de>>(name: &str, data: D) -> Option<Result<Self, D::Error>> {
                match name {
                    $( concat!($subject, ".", $cname) => Some(<$CData as serde::Deserialize>::deserialize(data).map(Self::$CVariant)), )*
                    _ => None,
                }
            }

            /// Writes the `data` in canonical form.
            pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
                match self { $( Self::$CVariant(data) => serde_json::to_writer(out, data), )* }
            }
        }

        /// What can have happened to this kind of subject.
        #[derive(Clone, PartialEq, Debug)]
        pub enum $Event { $( $(#[$edoc])* $EVariant($EData), )* }

        impl $Event {
            /// Number, full name and newest schema version of every event.
            pub const TYPES: &'static [(u16, &'static str, u16)] = &[ $( ($number, concat!($subject, ".", $ename), $schema), )* ];

            /// Its number, as stored in the log's `type` column.
            #[must_use]
            pub const fn number(&self) -> u16 {
                match self { $( Self::$EVariant(_) => $number, )* }
            }

            /// The annulment, if it is one.
            #[must_use]
            pub const fn annulment(&self) -> Option<&$crate::event::Annulment> {
                if let Self::DecisionAnnulled(data) = self { Some(data) } else { None }
            }

            /// The correction, if it is one.
            #[must_use]
            pub const fn correction(&self) -> Option<&$crate::event::Correction> {
                if let Self::RecordCorrected(data) = self { Some(data) } else { None }
            }

            /// The closing of an obligation, if it is one.
            #[must_use]
            pub const fn closing(&self) -> Option<&$crate::obligation::ObligationClosing> {
                if let Self::ObligationClosed(data) = self { Some(data) } else { None }
            }

            /// Reads the newest form of `data`; none when there is no event of that number.
            pub(crate) fn read(number: u16, data: &str) -> Option<Result<Self, serde_json::Error>> {
                match number {
                    $( $number => Some(serde_json::from_str::<$EData>(data).map(Self::$EVariant)), )*
                    _ => None,
                }
            }

            /// Writes the `data` in canonical form.
            pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
                match self { $( Self::$EVariant(data) => serde_json::to_writer(out, data), )* }
            }
        }
    };
}

pub(crate) use vocabulary;

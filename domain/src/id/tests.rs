//! Codes tell their kind by form alone, and an identity number is nobody's code.

use super::*;

const CODES: [(&str, SubjectKind); 9] = [
    ("H37010200001", SubjectKind::Institution),
    ("P43050300012", SubjectKind::Institution),
    ("D510105000123", SubjectKind::Practitioner),
    ("HY370100000002", SubjectKind::Practitioner),
    ("91350100M000100Y43", SubjectKind::Enterprise),
    ("ins-7f3a09c2", SubjectKind::Insured),
    ("430500", SubjectKind::Area),
    ("case-2025-0804", SubjectKind::Case),
    ("case-1", SubjectKind::Case),
];

#[test]
fn a_code_and_the_name_of_its_stream_lead_to_the_same_subject() {
    for (code, kind) in CODES {
        let subject = Subject::parse(code).unwrap();
        assert_eq!((subject.kind(), subject.code()), (kind, code));
        assert_eq!(subject.stream(), format!("{}-{code}", kind.name()));
        assert_eq!(Subject::parse(&subject.stream()).unwrap(), subject);
        assert_eq!(serde_json::to_string(&subject).unwrap(), format!("{code:?}"));
        assert_eq!(serde_json::from_str::<Subject>(&format!("{code:?}")).unwrap(), subject);
        // No other kind takes it: the views know a subject by its code alone.
        let kinds = SubjectKind::ALL.into_iter().filter(|kind| Subject::parse_as(*kind, code).is_ok());
        assert_eq!(kinds.collect::<Vec<_>>(), [kind], "{code}");
    }
}

#[test]
fn an_insured_person_is_never_named_by_an_identity_number() {
    for code in [
        "11010519491231002X",
        "ins-11010519491231002X",
        "ins-110105194912310021",
        "ins-110105-19491231-002X",
        "ins-110105491231002",
        "ins-a1101054912310029",
        "ins-short",
        "ins-",
        "ins-参保人一二三",
        "ins-has space 1",
        "insured-ins-",
    ] {
        assert!(Subject::parse_as(SubjectKind::Insured, code).is_err(), "{code}");
        let error = Subject::parse(code).unwrap_err();
        assert!(!error.to_string().contains("19491231"), "{error}");
    }
    assert!(InsuredCode::parse(&format!("ins-{}", "a".repeat(36))).is_ok());
    assert!(InsuredCode::parse(&format!("ins-{}", "a".repeat(37))).is_err());
}

#[test]
fn what_names_no_subject_is_refused_with_examples_of_all_kinds() {
    for code in ["", "x", "H3701", "case-", "area-043050", "case-案", "030500", "hospital-H37010200001"] {
        let error = Subject::parse(code).unwrap_err();
        assert!(!error.expected.is_empty(), "{error}");
    }
    // It is the name of a stream; as a code it would be told from one by nobody.
    assert!(CaseCode::parse("case-case-1").is_err());
    assert_eq!(AreaSubject::parse("430500").unwrap().area(), AreaCode::parse("430500").unwrap());
}

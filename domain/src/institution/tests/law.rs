//! Every parameter a decision asks for is set by some rule, and the state stays small.

use super::{hospital, newcomer};
use crate::institution::decide::law;
use crate::institution::facts::InstitutionKind;
use crate::institution::state::{Agreement, AreaState, Institution, Profile};
use crate::rulebook::Rulebook;
use crate::time::Instant;

#[test]
fn every_parameter_has_a_rule() {
    let set = |param: &str| Rulebook::national().sets(param);
    for by_kind in law::BY_KIND {
        for kind in [InstitutionKind::Medical, InstitutionKind::Pharmacy] {
            assert!(set(by_kind.of(kind)), "{}", by_kind.of(kind));
        }
    }
    for param in law::PARAMS {
        assert!(set(param), "{param}");
    }
}

#[test]
fn every_rule_about_institutions_is_asked_for() {
    let asked = |param: &str| {
        law::PARAMS.contains(&param)
            || law::BY_KIND.iter().any(|by| {
                [InstitutionKind::Medical, InstitutionKind::Pharmacy].iter().any(|kind| by.of(*kind) == param)
            })
    };
    for rule in Rulebook::national().rules() {
        let asked = rule.keys().any(|key| asked(&key));
        assert!(!rule.param.starts_with("institution.") || asked, "{}", rule.param);
    }
}

#[test]
fn an_institution_with_one_agreement_stays_small() {
    let one =
        size_of::<Institution>() + size_of::<Profile>() + size_of::<Agreement>() + size_of::<AreaState>();
    assert!(one <= 300, "{one} bytes");
}

#[test]
fn spans_before_the_first_and_after_the_last_instant_do_not_overflow() {
    for story in [hospital(), newcomer()] {
        let state = story.state("2026-01-01");
        assert!(!state.spans(Instant::MIN).is_empty());
        assert!(state.spans(Instant::MAX).is_empty());
    }
}

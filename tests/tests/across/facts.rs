//! Facts of others in decisions.

use super::*;

#[tokio::test]
async fn given_a_moratorium_when_one_applies_then_it_is_refused_while_it_lasts_as_known_by_then() {
    let world = World::new();
    world.does("2024-05-01", &apply(OTHER, "2024-05-01", &[], None)).await;
    world.does("2024-06-01", &moratorium()).await;
    assert_eq!(world.refuses("2024-06-02", &apply(HOSPITAL, "2024-06-02", &[], None)).await, "moratorium");
    world.does("2024-09-01", &admitted_again()).await;
    assert_eq!(world.refuses("2024-09-02", &apply(HOSPITAL, "2024-08-31", &[], None)).await, "moratorium");
    world.does("2024-09-02", &apply(HOSPITAL, "2024-09-01", &[], None)).await;
    world.agrees().await;
}

#[tokio::test]
async fn given_a_ban_when_the_person_is_named_in_an_application_elsewhere_then_it_is_refused() {
    let world = World::new();
    world.does("2024-06-01", &ban()).await;
    let named = apply(HOSPITAL, "2024-07-01", &[], Some(PERSON));
    match world.asks("2024-07-01", &named).await {
        Err(Failure::Rejected { rejection, .. }) => {
            assert_eq!(rejection.code, "manager-banned");
            assert_eq!(&*rejection.blocked_by_others[0].event.0, "practitioner-D370100900001@0");
        }
        other => panic!("{other:?}"),
    }
    let annul = json!({ "event": world.events(PERSON).await[0].id, "scope": "from_start" });
    world.does("2024-08-01", &act("practitioner.annul", PERSON, "2024-08-01", "court", annul)).await;
    world.does("2024-08-02", &named).await;
}

/// Sent together they may share a commit; whatever comes first, the application is decided on what the others came to.
#[tokio::test]
async fn commands_that_wait_together_are_decided_on_one_another() {
    for _ in 0..8 {
        let world = World::new();
        let ledger = world.ledger();
        let parse = |json: Json| Command::parse(&json.to_string()).unwrap();
        let (warm, stop, asks) = tokio::join!(
            ledger.execute(parse(sign(OTHER, "2024-01-01"))),
            ledger.execute(parse(moratorium())),
            ledger.execute(parse(apply(HOSPITAL, "2024-07-01", &[], None))),
        );
        let (_, stop) = (warm.unwrap(), stop.unwrap());
        match asks {
            Ok(done) => assert!(done.appended.first_position < stop.appended.first_position),
            Err(Failure::Rejected { rejection, .. }) => assert_eq!(rejection.code, "moratorium"),
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn what_a_decision_rested_on_is_stored_with_it_and_it_is_decided_alike_from_its_own_stream() {
    let world = World::new();
    world.does("2024-01-01", &sign(HOSPITAL, "2024-01-01")).await;
    world.does("2024-06-01", &moratorium()).await;
    world.does("2024-07-01", &apply(HOSPITAL, "2024-07-01", &["dual_channel"], None)).await;
    let ledger = world.ledger();
    let subject = Subject::parse(HOSPITAL).unwrap();
    let stored = ledger.log().read_stream(&subject.stream(), 0, 10).await.unwrap();
    let applied = stored.last().unwrap();
    let body: Json = serde_json::from_str(&applied.body).unwrap();
    assert_eq!(
        body["others"],
        json!([{ "event": "area-370100@0", "from": "2024-06-01T00:00:00+08:00", "what": "moratorium" }])
    );
    // Without the agreement it would have been a first admission, which the moratorium, stored with it, refuses.
    let signed = stored.iter().find(|stored| stored.kind.name() == "institution.agreement-signed").unwrap();
    let laws = ledger.laws();
    let supposing = Supposing {
        as_of: at("2024-08-01"),
        known_at: at("2030-01-01"),
        law: &laws,
        other: None,
        course: None,
        again: true,
    };
    let without = Fork::Without(signed.version);
    let course = Course::of(&subject, &stored, without, Vec::new(), &supposing).unwrap();
    let supposing = Supposing { course: Some(&course), ..supposing };
    let found = what_if(subject, &stored, &supposing).unwrap();
    let refused: Vec<&str> = found
        .acts
        .iter()
        .filter_map(|act| match &act.outcome {
            Outcome::Refused(rejection) => Some(rejection.code),
            _ => None,
        })
        .collect();
    assert_eq!(refused, ["moratorium"]);
}

#[test]
fn an_import_decides_with_the_same_facts_even_of_lines_still_on_their_way() {
    let lines = [
        apply(OTHER, "2024-05-01", &[], None),
        moratorium(),
        apply(HOSPITAL, "2024-07-01", &[], None),
        admitted_again(),
        ban(),
        apply(HOSPITAL, "2024-10-01", &[], Some(PERSON)),
        apply(HOSPITAL, "2024-10-01", &[], None),
    ];
    let source: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(at("2026-01-01")));
    Ledger::init(dir.path(), 7, &*clock).unwrap();
    let mut importer = Importer::open(dir.path(), clock.clone()).unwrap();
    let expected =
        ["recorded", "recorded", "moratorium", "recorded", "recorded", "manager-banned", "recorded"];
    for tried in [true, false] {
        let mut codes = Codes::default();
        if tried {
            importer.rehearsal().unwrap().run(source.as_bytes(), &mut codes).unwrap();
        } else {
            importer.run(source.as_bytes(), &mut codes).unwrap();
        }
        assert_eq!(codes.0, expected, "rehearsal: {tried}");
    }
    drop(importer);
    let ledger = Ledger::open(dir.path(), Access::ReadWrite, clock).unwrap();
    assert_eq!(accord_projections::wait_for(ledger.log().len()).unwrap(), 5);
}

#[tokio::test]
async fn given_a_complaint_when_an_agreement_is_to_be_signed_then_it_is_verified_first() {
    let world = World::new();
    let case = "case-2024-0007";
    world
        .does("2024-03-01", &act("case.open", case, "2024-03-01", "agency", json!({ "area": "370100" })))
        .await;
    let lead = json!({ "source": "complaint", "about": [HOSPITAL], "content": "反映申请材料不实" });
    world.does("2024-03-02", &act("case.receive-lead", case, "2024-03-02", "agency", lead)).await;
    let signing = sign(HOSPITAL, "2024-03-10");
    assert_eq!(world.refuses("2024-03-10", &signing).await, "complaint-unverified");
    // What was said is found again after the ledger was opened anew.
    let world = world.reopened();
    assert_eq!(world.refuses("2024-03-10", &signing).await, "complaint-unverified");
    world.does("2024-03-10", &sign(OTHER, "2024-03-10")).await;
    let found = json!({ "about": [HOSPITAL], "facts": ["查无实据"], "outcome": "unfounded" });
    world.does("2024-03-11", &act("case.find", case, "2024-03-09", "agency", found)).await;
    world.does("2024-03-12", &signing).await;
    world.agrees().await;
}

#[tokio::test]
async fn given_a_ban_when_the_person_is_named_by_the_same_identity_number_then_it_is_refused() {
    let world = World::new();
    world.does("2024-05-01", &registered()).await;
    world.does("2024-06-01", &ban()).await;
    let by = |who: &str| apply(HOSPITAL, "2024-07-01", &[], Some(who));
    assert_eq!(world.refuses("2024-07-01", &by(NUMBER)).await, "manager-banned");
    assert_eq!(world.refuses("2024-07-01", &by(" 11010519491231002x ")).await, "manager-banned");
    // A name alike is nobody the ledger knows; another number is somebody else.
    world.does("2024-07-02", &by("张三")).await;
    let other = apply(OTHER, "2024-07-02", &[], Some("440524188001010014"));
    let stored = world.does("2024-07-02", &other).await;
    assert!(!format!("{stored:?}").contains("440524188001010014"), "the number is sealed");
    world.agrees().await;
}

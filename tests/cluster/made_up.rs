//! The checks refuse made-up wrong histories, and accept right ones that look odd.

use crate::history::Recording;
use crate::specification::NameOperation::{Created, Deleted, Listed, MaybeCreated, MaybeDeleted};
use crate::specification::RegisterOperation::{Read, Wrote};
use crate::specification::{INITIAL, NameOperation, NameRules, RegisterOperation, RegisterRules};

/// Records calls that follow each other.
fn in_turn(operations: &[NameOperation]) -> Recording<NameOperation> {
    let recording = Recording::default();
    for operation in operations {
        let call = recording.begin(*operation);
        recording.done(call, *operation);
    }
    recording
}

fn name_holds(recording: &Recording<NameOperation>, listed: Option<u32>) -> bool {
    recording.is_linearizable::<NameRules>(Listed(listed))
}

#[test]
fn two_creations_of_one_name_are_refused() {
    assert!(!name_holds(&in_turn(&[Created(1), Created(2)]), Some(2)));
    // Also if both were under way at once.
    let recording = Recording::default();
    let calls = [1, 2].map(|number| (recording.begin(MaybeCreated(number)), number));
    for (call, number) in calls {
        recording.done(call, Created(number));
    }
    assert!(!name_holds(&recording, Some(1)));
}

#[test]
fn a_lost_creation_a_lost_deletion_and_a_second_deletion_are_refused() {
    assert!(!name_holds(&in_turn(&[Created(1)]), None));
    assert!(!name_holds(&in_turn(&[Created(1), Deleted(1)]), Some(1)));
    assert!(!name_holds(&in_turn(&[Created(1), Deleted(1), Deleted(1)]), None));
    assert!(name_holds(&in_turn(&[Created(1), Deleted(1), Created(2)]), Some(2)));
}

#[test]
fn an_unknown_creation_may_have_happened_but_only_once() {
    let unknown = || {
        let recording = Recording::default();
        recording.begin(MaybeCreated(1));
        recording
    };
    assert!(name_holds(&unknown(), None));
    assert!(name_holds(&unknown(), Some(1)));
    assert!(!name_holds(&unknown(), Some(2)));
    // Its status was deleted, and was not created again.
    let recording = unknown();
    let call = recording.begin(MaybeDeleted(1));
    recording.done(call, Deleted(1));
    assert!(name_holds(&recording, None));
    assert!(!name_holds(&recording, Some(1)));
    let again = recording.begin(MaybeDeleted(1));
    recording.done(again, Deleted(1));
    assert!(!name_holds(&recording, None));
}

#[test]
fn a_refused_call_has_no_effect() {
    let recording = in_turn(&[Created(1)]);
    let call = recording.begin(MaybeDeleted(1));
    recording.refused(call);
    assert!(name_holds(&recording, Some(1)));
    assert!(!name_holds(&recording, None));
}

fn register(operations: &[RegisterOperation], last: u32) -> bool {
    let recording = Recording::default();
    for operation in operations {
        let call = recording.begin(*operation);
        recording.done(call, *operation);
    }
    recording.is_linearizable::<RegisterRules>(Read(last))
}

#[test]
fn a_register_that_goes_back_or_loses_a_value_is_refused() {
    assert!(register(&[Read(INITIAL), Wrote(2), Read(2)], 2));
    assert!(!register(&[Wrote(2), Read(INITIAL)], 2));
    assert!(!register(&[Wrote(2), Wrote(3)], 2));
    // A value that no caller wrote.
    assert!(!register(&[Read(9)], INITIAL));
}

#[test]
fn an_unknown_value_may_be_written_late_but_not_twice() {
    let recording = Recording::default();
    recording.begin(Wrote(2));
    let add = |operation| {
        let call = recording.begin(operation);
        recording.done(call, operation);
    };
    add(Wrote(3));
    add(Read(3));
    assert!(recording.is_linearizable::<RegisterRules>(Read(3)));
    assert!(recording.is_linearizable::<RegisterRules>(Read(2)));
    add(Read(2));
    assert!(!recording.is_linearizable::<RegisterRules>(Read(3)));
}

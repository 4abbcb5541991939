//! The engine against a small model of it, over random histories.
//!
//! The model keeps every claim in one heap without any order and looks for the one that shows each
//! time it is asked; connections are a list of words. The engine and the model must show the same after
//! every step, and a viewer must get exactly the steps that changed what they see.
//!
//! How long a status shows is part of both: with an end, until then; set while connected, while there is a connection;
//! set without one, until the last token ends or the account is deactivated; a bare `online` that was set without one,
//! until the first connection begins.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rollcall::app::Clock;
use rollcall::clock::SetClock;
use rollcall::domain::user::Activity;
use rollcall::domain::{
    Audience, Claim, ClaimSource, Laying, RoleId, StatusText, StatusType, Timestamp, TokenHash, User, UserId,
    UserStatus, Username,
};
use rollcall::hub::{Connection, Event, GRACE_MILLIS, Hub, PresenceEntry};

/// Histories that are played.
const HISTORIES: u32 = 10_000;

/// Most claims of a user, as the documentation has it.
const CAP: usize = 32;

#[derive(Debug, Clone)]
enum Step {
    Lay {
        source: ClaimSource,
        /// None is words alone.
        status: Option<StatusType>,
        text: u8,
        lasts: Option<i64>,
        id: Option<u8>,
    },
    End(Option<u8>),
    Clear,
    /// `online` without words.
    Online,
    /// The last token of the user ends.
    LoginsEnd,
    Activate(bool),
    Connect,
    Disconnect(usize),
    Lose(usize),
    Return(usize),
    Away(usize, bool),
    Pass(i64),
    Restart,
    Hide(bool),
    Require(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let source = prop_oneof![
        1 => Just(ClaimSource::External),
        3 => Just(ClaimSource::Manual),
        1 => Just(ClaimSource::Internal)
    ];
    let status = prop_oneof![
        1 => Just(StatusType::Online),
        1 => Just(StatusType::Away),
        2 => Just(StatusType::Busy),
        1 => Just(StatusType::Offline)
    ];
    let lay = (source, of(status), 0..3_u8, of(1..20_i64), of(0..3_u8));
    prop_oneof![
        6 => lay.prop_map(|(source, status, text, lasts, id)| Step::Lay { source, status, text, lasts, id }),
        2 => of(0..3_u8).prop_map(Step::End),
        1 => Just(Step::Clear),
        2 => Just(Step::Online),
        1 => Just(Step::LoginsEnd),
        1 => any::<bool>().prop_map(Step::Activate),
        2 => Just(Step::Connect),
        1 => (0..4_usize).prop_map(Step::Disconnect),
        2 => (0..4_usize).prop_map(Step::Lose),
        1 => (0..3_usize).prop_map(Step::Return),
        1 => Just(Step::Pass(GRACE_MILLIS)),
        1 => (0..4_usize, any::<bool>()).prop_map(|(which, away)| Step::Away(which, away)),
        4 => (1..15_i64).prop_map(Step::Pass),
        1 => Just(Step::Restart),
        1 => any::<bool>().prop_map(Step::Hide),
        1 => any::<bool>().prop_map(Step::Require),
    ]
}

/// The status, the words, who says so, and until when.
type Seen = (StatusType, StatusText, Option<ClaimSource>, Option<Timestamp>);

const ABSENT: Seen = (StatusType::Offline, StatusText::EMPTY, None, None);

/// How long a claim shows where no newer one covers it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Life {
    WhileConnected,
    UntilItsEnd,
    UntilTheLastTokenEnds,
}

/// A claim, and when it was laid.
#[derive(Debug, Clone, PartialEq)]
struct Laid {
    serial: u64,
    claim: Claim,
    life: Life,
}

/// The model.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and a step changes one"
)]
struct Model {
    now: i64,
    serial: u64,
    /// In no order.
    claims: Vec<Laid>,
    /// Whether the user set `online` without a connection.
    online: bool,
    inactive: bool,
    connections: Vec<StatusType>,
    /// Connections that were lost, until when they count, and who may take them up again.
    lost: Vec<(StatusType, i64, TokenHash)>,
    tokens: u8,
    hidden: bool,
    requires_connection: bool,
}

impl Model {
    fn newest(&mut self, source: ClaimSource) -> Option<&mut Laid> {
        let of_source = self.claims.iter_mut().filter(|laid| laid.claim.source == source);
        of_source.max_by_key(|laid| laid.serial)
    }

    fn showing(&self) -> Option<&Laid> {
        let manual = self
            .claims
            .iter()
            .filter(|laid| laid.claim.source == ClaimSource::Manual);
        match manual.max_by_key(|laid| laid.serial) {
            Some(manual) if manual.claim.status == StatusType::Offline => Some(manual),
            _ => self.claims.iter().max_by_key(|laid| (laid.claim.source, laid.serial)),
        }
    }

    fn status_that_shows(&self) -> StatusType {
        self.showing().map_or(StatusType::Online, |laid| laid.claim.status)
    }

    fn life(&self, claim: &Claim, names_status: bool) -> Life {
        let connected = !self.counted().is_empty();
        let of_a_status = match (claim.expires_at, connected) {
            (Some(_), _) => Life::UntilItsEnd,
            (None, true) => Life::WhileConnected,
            (None, false) => Life::UntilTheLastTokenEnds,
        };
        if names_status {
            return of_a_status;
        }
        // Words alone show as long as the status that they are said of, and make no offline user appear.
        let Some(said_of) = self.showing() else {
            return Life::WhileConnected;
        };
        match (said_of.life, said_of.claim.status) {
            (Life::WhileConnected, status) if !connected || status == StatusType::Online => Life::WhileConnected,
            _ => of_a_status,
        }
    }

    fn lay(&mut self, claim: &Claim, names_status: bool) {
        let life = self.life(claim, names_status);
        if let Some(newest) = self.newest(claim.source).filter(|newest| newest.claim == *claim) {
            newest.life = life;
            return;
        }
        if claim.id.is_some() {
            self.claims
                .retain(|laid| laid.claim.source != claim.source || laid.claim.id != claim.id);
        }
        self.serial += 1;
        self.claims.push(Laid {
            serial: self.serial,
            claim: claim.clone(),
            life,
        });
        if self.claims.len() > CAP {
            let lowest = self.claims.iter().map(|laid| (laid.claim.source, laid.serial)).min();
            self.claims
                .retain(|laid| Some((laid.claim.source, laid.serial)) != lowest);
        }
    }

    fn end_standing(&mut self) {
        self.online = false;
        self.claims.retain(|laid| laid.life != Life::UntilTheLastTokenEnds);
    }

    /// The connections that count.
    fn counted(&self) -> Vec<StatusType> {
        let lost = self.lost.iter().map(|(status, ..)| *status);
        self.connections.iter().copied().chain(lost).collect()
    }

    /// The presence as a viewer sees it from whom no user hides.
    fn shows(&self) -> Seen {
        if self.inactive {
            return ABSENT;
        }
        let counted = self.counted();
        let connection = match (&counted[..], counted.contains(&StatusType::Online)) {
            ([], _) => StatusType::Offline,
            (_, true) => StatusType::Online,
            (_, false) => StatusType::Away,
        };
        let is_absent = self.requires_connection && counted.is_empty();
        let here = if counted.is_empty() && self.online && !is_absent {
            StatusType::Online
        } else {
            connection
        };
        let Some(Laid { claim, life, .. }) = self.showing() else {
            return (here, StatusText::EMPTY, None, None);
        };
        let is_hidden = *life == Life::WhileConnected && here == StatusType::Offline;
        let status = match claim.status {
            _ if is_absent || is_hidden => StatusType::Offline,
            StatusType::Online if here == StatusType::Offline => StatusType::Online,
            StatusType::Online => here,
            declared => declared,
        };
        (status, claim.text.clone(), Some(claim.source), claim.expires_at)
    }

    /// What the viewer sees: of a user who is offline, for whatever cause, nothing but the text.
    fn seen(&self) -> Seen {
        match self.shows() {
            _ if self.hidden => ABSENT,
            (StatusType::Offline, text, ..) => (StatusType::Offline, text, None, None),
            shown => shown,
        }
    }
}

/// The engine, with what would be in the store.
struct Engine {
    clock: Arc<SetClock>,
    hub: Hub,
    user: Arc<User>,
    viewer: Arc<User>,
    kept: UserStatus,
    connections: Vec<Connection>,
}

fn user(name: &str, role: &str) -> Arc<User> {
    let username = Username::parse(name).expect("a username");
    let roles = vec![RoleId::new(role)];
    Arc::new(User::new(UserId::new(name), username, roles, Timestamp::from_millis(0)))
}

impl Engine {
    fn new() -> Self {
        let clock = SetClock::at(0);
        let user = user("ada", "user");
        Self {
            hub: Hub::new(Clock::set_by(Arc::clone(&clock))),
            clock,
            kept: UserStatus::of(&user.id),
            user,
            viewer: self::user("eve", "guest"),
            connections: Vec::new(),
        }
    }

    fn follow(&self) {
        self.hub.follow(&self.user, Some(&Arc::new(self.kept.clone())));
    }

    fn hide(&mut self, hidden: bool) {
        let guests = hidden.then(|| RoleId::new("guest"));
        self.kept.hidden_from = Audience {
            users: Vec::new(),
            roles: guests.into_iter().collect(),
        }
        .into();
        self.follow();
    }

    fn activate(&mut self, active: bool) {
        let mut user = User::clone(&self.user);
        user.activity = if active {
            Activity::Active
        } else {
            Activity::Deactivated
        };
        self.user = Arc::new(user);
        if !active {
            self.kept.claims.end_standing();
        }
        self.follow();
        if !active {
            // Their tokens have ended.
            self.connections.clear();
        }
    }

    /// What the timer does when it fires.
    fn settle(&mut self) {
        while !self.hub.ended(10).is_empty() {
            self.kept.claims.settle(self.clock.now());
            self.follow();
        }
    }

    fn restart(&mut self, requires_connection: bool) {
        self.connections.clear();
        self.hub = Hub::new(Clock::set_by(Arc::clone(&self.clock)));
        self.hub.require_connection(requires_connection);
        self.follow();
        self.settle();
    }

    /// What the user sees of themselves.
    fn shows_own(&self) -> Seen {
        let shown = self.hub.shown_of(&self.user.id);
        shown.map_or(ABSENT, |shown| {
            let own = shown.presence.clone();
            (own.status, own.text, own.source, own.expires_at)
        })
    }

    fn shows(&self, viewer: &User) -> Seen {
        let shown = self.hub.shown_of(&self.user.id);
        match shown.filter(|shown| shown.is_for(viewer)) {
            Some(shown) => (
                shown.line.status,
                shown.line.status_text.clone(),
                shown.line.status_source,
                shown.line.status_expires_at,
            ),
            None => ABSENT,
        }
    }
}

fn play(steps: &[Step]) {
    let mut model = Model::default();
    let mut engine = Engine::new();
    for step in steps {
        let before = model.seen();
        let mut told = engine.hub.subscribe();
        let restarts = matches!(step, Step::Restart);
        perform(step, &mut model, &mut engine);
        assert_eq!(engine.shows_own(), model.shows(), "to the user, after {step:?}");
        assert_eq!(
            engine.shows(&engine.viewer),
            model.seen(),
            "to the viewer, after {step:?}"
        );
        // Connections of an offline user would show that the user is invisible.
        let connections = if model.seen().0 == StatusType::Offline {
            0
        } else {
            model.counted().len()
        };
        assert_eq!(
            engine.hub.connections_for(&engine.viewer),
            connections,
            "after {step:?}"
        );
        if restarts {
            continue;
        }
        let mut events: Vec<PresenceEntry> = Vec::new();
        while let Some(Ok(Event::Presence(change))) = told.try_next() {
            events.extend(change.for_viewer(&engine.viewer));
        }
        let mut seen = before.clone();
        for line in &events {
            let told = (
                line.status,
                line.status_text.clone(),
                line.status_source,
                line.status_expires_at,
            );
            assert_ne!(told, seen, "nothing is told twice, after {step:?}");
            seen = told;
        }
        assert_eq!(seen, model.seen(), "what is told after {step:?}");
        // Time ends claims and lost connections, which the model distinguishes.
        let most = if matches!(step, Step::Pass(_)) { 2 } else { 1 };
        assert!(events.len() <= most, "events {events:?} after {step:?}");
    }
}

fn perform(step: &Step, model: &mut Model, engine: &mut Engine) {
    perform_on_claims(step, model, engine);
    perform_on_connections(step, model, engine);
    match step {
        Step::Pass(millis) => {
            model.now += millis;
            let now = Timestamp::from_millis(model.now);
            model
                .claims
                .retain(|laid| laid.claim.expires_at.is_none_or(|end| now < end));
            model.lost.retain(|(_, until, _)| model.now < *until);
            engine.clock.pass(*millis);
            engine.settle();
            engine.hub.end_lost();
        }
        Step::Restart => {
            model.connections.clear();
            model.lost.clear();
            engine.restart(model.requires_connection);
        }
        Step::Hide(hidden) => {
            model.hidden = *hidden;
            engine.hide(*hidden);
        }
        Step::Require(required) => {
            model.requires_connection = *required;
            engine.hub.require_connection(*required);
        }
        _ => {}
    }
}

fn perform_on_claims(step: &Step, model: &mut Model, engine: &mut Engine) {
    match step {
        Step::Lay {
            source,
            status,
            text,
            lasts,
            id,
        } => {
            let claim = |shows| Claim {
                status: status.unwrap_or(shows),
                text: StatusText::clean(["", "lunch", "vacation"][usize::from(*text)]),
                emoji: None,
                source: *source,
                expires_at: lasts.map(|lasts| Timestamp::from_millis(model.now + lasts)),
                id: id.map(|id| id.to_string()),
                needs_connection: false,
            };
            let laying = Laying {
                names_status: status.is_some(),
                connected: engine.hub.has_connection(&engine.user.id),
            };
            let shown = engine.kept.claims.showing().map(|showing| showing.status);
            let laid = claim(shown.unwrap_or(StatusType::Online));
            let expected = claim(model.status_that_shows());
            model.lay(&expected, status.is_some());
            engine.kept.claims.lay(laid, laying);
            engine.follow();
        }
        Step::End(id) => {
            let id = id.map(|id| id.to_string());
            let ended = match &id {
                // Of several with one name, the uppermost one.
                Some(_) => {
                    let named = model.claims.iter().filter(|laid| laid.claim.id == id);
                    named.max_by_key(|laid| (laid.claim.source, laid.serial)).cloned()
                }
                None => model.showing().cloned(),
            };
            if id.is_none() && ended.is_none() {
                model.online = false;
            }
            model.claims.retain(|laid| Some(laid) != ended.as_ref());
            engine.kept.claims.end(id.as_deref());
            engine.follow();
        }
        Step::Clear => {
            model.claims.retain(|laid| laid.claim.source != ClaimSource::Manual);
            engine.kept.claims.clear_manual();
            engine.follow();
        }
        Step::Online => {
            model.claims.retain(|laid| laid.claim.source != ClaimSource::Manual);
            model.online = model.counted().is_empty();
            let connected = engine.hub.has_connection(&engine.user.id);
            engine.kept.claims.declare_online(connected);
            engine.follow();
        }
        Step::LoginsEnd => {
            model.end_standing();
            engine.kept.claims.end_standing();
            engine.follow();
        }
        Step::Activate(active) => {
            model.inactive = !active;
            if !active {
                model.end_standing();
                model.connections.clear();
            }
            engine.activate(*active);
        }
        _ => {}
    }
}

fn perform_on_connections(step: &Step, model: &mut Model, engine: &mut Engine) {
    match step {
        Step::Connect if model.inactive => {}
        Step::Connect => {
            model.connections.push(StatusType::Online);
            let kept = Arc::new(engine.kept.clone());
            let user = Arc::clone(&engine.user);
            let connection = engine.hub.connect(&engine.user.id, || Some((user, Some(kept))));
            engine.connections.push(connection.expect("a user"));
            model.online = false;
            if engine.kept.claims.begin_connection() {
                engine.follow();
            }
        }
        Step::Lose(which) if *which < model.connections.len() => {
            let status = model.connections.remove(*which);
            model.tokens += 1;
            let token = TokenHash::new([model.tokens; 32]);
            model.lost.push((status, model.now + GRACE_MILLIS, token));
            engine.connections.remove(*which).lose(token);
        }
        Step::Return(which) if *which < model.lost.len() => {
            let (status, _, token) = model.lost.remove(*which);
            model.connections.push(status);
            let connection = engine.hub.reconnect(&engine.user.id, &token);
            engine.connections.push(connection.expect("it counts still"));
            assert!(engine.hub.reconnect(&engine.user.id, &token).is_none(), "only once");
        }
        Step::Disconnect(which) if *which < model.connections.len() => {
            model.connections.remove(*which);
            engine.connections.remove(*which);
        }
        Step::Away(which, away) if *which < model.connections.len() => {
            model.connections[*which] = if *away { StatusType::Away } else { StatusType::Online };
            engine.connections[*which].set_away(*away);
        }
        _ => {}
    }
}

#[test]
fn the_engine_does_what_the_model_does_over_ten_thousand_histories() {
    let mut runner = TestRunner::new(Config {
        cases: HISTORIES,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&vec(step(), 1..60), |steps| {
        play(&steps);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

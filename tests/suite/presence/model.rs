//! The engine against a small model of it, over random histories.
//!
//! The model keeps every claim in one heap without any order and looks for the one that shows each
//! time it is asked; connections are a list of words. The engine and the model must show the same after
//! every step, and a viewer must get exactly the steps that changed what they see.
//!
//! How long a status shows is part of both: with an end, until then; set while connected, while there is a connection;
//! set without one, until the last token ends or the account is deactivated; a bare `online` that was set without one,
//! until the first connection begins.
//!
//! Servers of a cluster have a hub each, and report to each other whose connections they have. With two and three of them,
//! the same histories are played with the connections spread, and all must show what the model shows.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rollcall::app::Clock;
use rollcall::clock::SetClock;
use rollcall::domain::user::Activity;
use rollcall::domain::{
    Audience, Claim, ClaimSource, Laying, RoleId, StatusText, StatusType, Timestamp, TokenHash, User, UserConnections,
    UserId, UserStatus, Username,
};
use rollcall::hub::{Connection, Event, GRACE_MILLIS, Hub, PresenceEntry};

/// Histories that are played.
const HISTORIES: u32 = 10_000;

/// Histories that are played with several servers.
const SHARED_HISTORIES: u32 = 500;

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
    /// Each with the number of a server.
    Connect(usize),
    Disconnect(usize),
    Lose(usize),
    Return(usize, usize),
    Away(usize, bool),
    Pass(i64),
    /// With the number of a server.
    Restart(usize),
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
        2 => (0..6_usize).prop_map(Step::Connect),
        1 => (0..4_usize).prop_map(Step::Disconnect),
        2 => (0..4_usize).prop_map(Step::Lose),
        1 => (0..3_usize, 0..6_usize).prop_map(|(which, server)| Step::Return(which, server)),
        1 => Just(Step::Pass(GRACE_MILLIS)),
        1 => (0..4_usize, any::<bool>()).prop_map(|(which, away)| Step::Away(which, away)),
        4 => (1..15_i64).prop_map(Step::Pass),
        1 => (0..6_usize).prop_map(Step::Restart),
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
    /// The connections, each with its server.
    connections: Vec<(StatusType, usize)>,
    /// Connections that were lost, until when they count, who may take them up again, and the server.
    lost: Vec<(StatusType, i64, TokenHash, usize)>,
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
        let live = self.connections.iter().map(|(status, _)| *status);
        live.chain(lost).collect()
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
    /// The hub of each server.
    hubs: Vec<Hub>,
    user: Arc<User>,
    viewer: Arc<User>,
    kept: UserStatus,
    /// The connections, each with its server.
    connections: Vec<(usize, Connection)>,
}

fn user(name: &str, role: &str) -> Arc<User> {
    let username = Username::parse(name).expect("a username");
    let roles = vec![RoleId::new(role)];
    Arc::new(User::new(UserId::new(name), username, roles, Timestamp::from_millis(0)))
}

impl Engine {
    fn new(servers: usize) -> Self {
        let clock = SetClock::at(0);
        let user = user("ada", "user");
        let mut new = Self {
            hubs: Vec::new(),
            clock,
            kept: UserStatus::of(&user.id),
            user,
            viewer: self::user("eve", "guest"),
            connections: Vec::new(),
        };
        for _ in 0..servers {
            new.hubs.push(new.hub());
        }
        new
    }

    fn hub(&self) -> Hub {
        let hub = Hub::new(Clock::set_by(Arc::clone(&self.clock)));
        hub.report_to_others();
        hub
    }

    /// What each server does after a commit.
    fn follow(&self) {
        for hub in &self.hubs {
            hub.follow(&self.user, Some(&Arc::new(self.kept.clone())));
        }
    }

    /// All servers report to each other whose connections have changed.
    fn report(&self) {
        for (place, from) in self.hubs.iter().enumerate() {
            for (_, connections) in from.take_unreported(10) {
                self.receive(place, Some(&connections));
            }
        }
    }

    /// All other servers learn of the connections at this one.
    fn receive(&self, place: usize, connections: Option<&UserConnections>) {
        let server: Arc<str> = format!("server {place}").into();
        for (_, hub) in self.hubs.iter().enumerate().filter(|(other, _)| *other != place) {
            let look = || Some((Arc::clone(&self.user), Some(Arc::new(self.kept.clone()))));
            hub.set_elsewhere(&server, connections.cloned(), look);
        }
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

    /// What the timers do when they fire.
    fn settle(&mut self) {
        for place in 0..self.hubs.len() {
            while !self.hubs[place].ended(10).is_empty() {
                self.kept.claims.settle(self.clock.now());
                self.follow();
            }
        }
    }

    fn restart(&mut self, place: usize, requires_connection: bool) {
        self.connections.retain(|(at, _)| *at != place);
        self.receive(place, None);
        let hub = self.hub();
        hub.require_connection(requires_connection);
        self.hubs[place] = hub;
        for other in &self.hubs {
            other.report_again(std::iter::once(&self.user.id));
        }
        self.follow();
        self.settle();
    }

    /// What the user sees of themselves at a server.
    fn shows_own(&self, hub: &Hub) -> Seen {
        let shown = hub.shown_of(&self.user.id);
        shown.map_or(ABSENT, |shown| {
            let own = shown.presence.clone();
            (own.status, own.text, own.source, own.expires_at)
        })
    }

    fn shows(&self, hub: &Hub, viewer: &User) -> Seen {
        let shown = hub.shown_of(&self.user.id);
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

fn play(steps: &[Step], servers: usize) {
    let mut model = Model::default();
    let mut engine = Engine::new(servers);
    for step in steps {
        let before = model.seen();
        let mut told: Vec<_> = engine.hubs.iter().map(Hub::subscribe).collect();
        perform(step, &mut model, &mut engine);
        engine.report();
        // Connections of an offline user would show that the user is invisible.
        let connections = if model.seen().0 == StatusType::Offline {
            0
        } else {
            model.counted().len()
        };
        let found = engine.hubs.iter().map(|hub| hub.connections_for(&engine.viewer));
        assert_eq!(found.sum::<usize>(), connections, "after {step:?}");
        for (place, (hub, told)) in engine.hubs.iter().zip(&mut told).enumerate() {
            assert_eq!(
                engine.shows_own(hub),
                model.shows(),
                "to the user at {place}, after {step:?}"
            );
            let viewer = &engine.viewer;
            assert_eq!(
                engine.shows(hub, viewer),
                model.seen(),
                "to the viewer at {place}, after {step:?}"
            );
            if matches!(step, Step::Restart(at) if at % servers == place) {
                continue;
            }
            let mut events: Vec<PresenceEntry> = Vec::new();
            while let Some(Ok(Event::Presence(change))) = told.try_next() {
                events.extend(change.for_viewer(viewer));
            }
            let mut seen = before.clone();
            for line in &events {
                let told = (
                    line.status,
                    line.status_text.clone(),
                    line.status_source,
                    line.status_expires_at,
                );
                assert_ne!(told, seen, "nothing is told twice at {place}, after {step:?}");
                seen = told;
            }
            assert_eq!(seen, model.seen(), "what is told at {place} after {step:?}");
            // Time ends claims, and the lost connections of each server, which the model distinguishes.
            let most = if matches!(step, Step::Pass(_)) { 1 + servers } else { 1 };
            assert!(events.len() <= most, "events {events:?} at {place} after {step:?}");
        }
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
            model.lost.retain(|(_, until, ..)| model.now < *until);
            engine.clock.pass(*millis);
            engine.settle();
            engine.hubs.iter().for_each(Hub::end_lost);
        }
        Step::Restart(place) => {
            let place = place % engine.hubs.len();
            model.connections.retain(|(_, at)| *at != place);
            model.lost.retain(|(.., at)| *at != place);
            engine.restart(place, model.requires_connection);
        }
        Step::Hide(hidden) => {
            model.hidden = *hidden;
            engine.hide(*hidden);
        }
        Step::Require(required) => {
            model.requires_connection = *required;
            for hub in &engine.hubs {
                hub.require_connection(*required);
            }
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
                connected: engine.hubs[0].has_connection(&engine.user.id),
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
            let connected = engine.hubs[0].has_connection(&engine.user.id);
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
        Step::Connect(_) if model.inactive => {}
        Step::Connect(place) => {
            let place = place % engine.hubs.len();
            model.connections.push((StatusType::Online, place));
            connect(engine, place, StatusType::Online);
            model.online = false;
        }
        Step::Lose(which) if *which < model.connections.len() => {
            let (status, place) = model.connections.remove(*which);
            model.tokens += 1;
            let token = TokenHash::new([model.tokens; 32]);
            model.lost.push((status, model.now + GRACE_MILLIS, token, place));
            engine.connections.remove(*which).1.lose(token);
        }
        Step::Return(which, place) if *which < model.lost.len() => {
            let place = place % engine.hubs.len();
            let (status, _, token, lost_at) = model.lost[*which];
            let user = engine.user.id.clone();
            let hub = &engine.hubs[place];
            model.connections.push((status, place));
            if place == lost_at {
                model.lost.remove(*which);
                let connection = hub.reconnect(&user, &token);
                assert!(hub.reconnect(&user, &token).is_none(), "only once");
                engine.connections.push((place, connection.expect("it counts still")));
            } else {
                // The server that lost it counts it until its grace has passed.
                assert!(hub.reconnect(&user, &token).is_none(), "it was lost elsewhere");
                assert_eq!(hub.lost_elsewhere(&user, &token), Some(status));
                connect(engine, place, status);
                model.online = false;
            }
        }
        Step::Disconnect(which) if *which < model.connections.len() => {
            model.connections.remove(*which);
            engine.connections.remove(*which);
        }
        Step::Away(which, away) if *which < model.connections.len() => {
            model.connections[*which].0 = if *away { StatusType::Away } else { StatusType::Online };
            engine.connections[*which].1.set_away(*away);
        }
        _ => {}
    }
}

fn connect(engine: &mut Engine, place: usize, status: StatusType) {
    let kept = Arc::new(engine.kept.clone());
    let user = Arc::clone(&engine.user);
    let connection = engine.hubs[place].connect(&engine.user.id, status, || Some((user, Some(kept))));
    engine.connections.push((place, connection.expect("a user")));
    // The others learn of the connection before what follows from it.
    engine.report();
    if engine.kept.claims.begin_connection() {
        engine.follow();
    }
}

#[test]
fn the_engine_does_what_the_model_does_over_ten_thousand_histories() {
    play_all(HISTORIES, 1);
}

#[test]
fn two_and_three_servers_show_what_the_model_shows_after_each_step() {
    play_all(SHARED_HISTORIES, 2);
    play_all(SHARED_HISTORIES, 3);
}

fn play_all(histories: u32, servers: usize) {
    let mut runner = TestRunner::new(Config {
        cases: histories,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&vec(step(), 1..60), |steps| {
        play(&steps, servers);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

//! One client on its socket: what it says, one thing after the other, and what it is told.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep_until};
use tracing::debug;

use super::encode;
use super::framing::Framing;
use super::hall::Hall;
use super::login::Login;
use super::message::{self, BadMessage, Message};
use super::outgoing::Outgoing;
use super::seats::Seat;
use super::socket::{End, Socket};
use super::stream::Stream;
use super::subscriptions::{Subscriptions, Taken};
use crate::auth::{Origin, random};
use crate::domain::{Fault, User, UserId};
use crate::methods::{self, Answer, Context, LoginChange, MethodFault, message as method_message};
use crate::ops::login::LoggedIn;

/// Versions of DDP that are the same here.
const VERSIONS: [&str; 3] = ["1", "pre2", "pre1"];

/// Most events that are told before the client is listened to again.
const AT_ONCE: usize = 64;

/// One client on its socket.
pub(super) struct Session<S> {
    hall: Arc<Hall>,
    origin: Origin,
    seat: Seat,
    socket: Socket<S>,
    told: broadcast::Receiver<Arc<Outgoing>>,
    /// Whether the client has said its first word.
    connected: bool,
    login: Option<Login>,
    subscriptions: Subscriptions,
    /// When the client last said anything.
    heard: Instant,
    /// Whether it was asked since then whether it is there.
    asked: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Serves a client to its end, over a stream on which the handshake is done.
    pub async fn serve(hall: Arc<Hall>, origin: Origin, seat: Seat, stream: S, framing: Framing) {
        let session = Self {
            told: hall.told.subscribe(),
            socket: Socket::new(stream, framing, hall.timing.send).await,
            hall,
            origin,
            seat,
            connected: false,
            login: None,
            subscriptions: Subscriptions::default(),
            heard: Instant::now(),
            asked: false,
        };
        session.run().await;
    }

    async fn run(mut self) {
        let Err(end) = self.listen().await;
        debug!(?end, address = ?self.origin.address, "a socket ends");
        // Before the farewell, which may take its time.
        if let Some(login) = self.login.take() {
            login.lose(&self.hall.app);
        }
        self.socket.close(end).await;
    }

    /// Listens to the client and to what happens.
    async fn listen(&mut self) -> Result<Infallible, End> {
        for frame in self.socket.framing().greeting() {
            self.socket.send(frame).await?;
        }
        let mut closed = pin!(self.hall.closed());
        let mut silence = pin!(sleep_until(self.heard + self.hall.timing.heartbeat));
        loop {
            tokio::select! {
                received = self.socket.receive() => {
                    let messages = received?;
                    self.heard = Instant::now();
                    self.asked = false;
                    for text in messages {
                        self.hear(&text).await?;
                    }
                }
                told = self.told.recv() => {
                    let outgoing = told.map_err(|error| match error {
                        RecvError::Lagged(_) => End::TooSlow,
                        RecvError::Closed => End::Stopping,
                    })?;
                    self.tell(&outgoing).await?;
                    self.tell_more().await?;
                }
                () = &mut silence => {
                    let next = self.ask().await?;
                    silence.as_mut().reset(next);
                }
                () = &mut closed => return Err(End::Stopping),
            }
        }
    }

    /// Asks a client that has been silent for too long whether it is there; says when to look again.
    async fn ask(&mut self) -> Result<Instant, End> {
        let heartbeat = self.hall.timing.heartbeat;
        if self.asked {
            return Err(End::Silent);
        }
        if self.heard.elapsed() < heartbeat {
            return Ok(self.heard + heartbeat);
        }
        self.asked = true;
        self.socket.say(&message::ping()).await?;
        Ok(Instant::now() + heartbeat)
    }

    /// Takes one message of the client.
    async fn hear(&mut self, text: &str) -> Result<(), End> {
        let heard = match Message::parse(text) {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(()),
            Err(bad) => return self.socket.say(&bad.to_json()).await,
        };
        match heard {
            Message::Connect { version } => self.connect(&version, text).await,
            Message::Ping { id } => self.socket.say(&message::pong(id)).await,
            Message::Pong => Ok(()),
            _ if !self.connected => {
                let bad = BadMessage::of("Must connect first", text);
                self.socket.say(&bad.to_json()).await
            }
            Message::Method { id, name, params } => self.call(&id, &name, params).await,
            Message::Sub { id, name, params } => self.subscribe(&id, &name, &params).await,
            Message::Unsub { id } => {
                self.subscriptions.remove(&id);
                self.socket.say(&message::nosub(&id, None)).await
            }
        }
    }

    async fn connect(&mut self, version: &str, text: &str) -> Result<(), End> {
        if self.connected {
            let bad = BadMessage::of("Already connected", text);
            return self.socket.say(&bad.to_json()).await;
        }
        if !VERSIONS.contains(&version) {
            self.socket.say(&message::failed()).await?;
            return Err(End::Protocol);
        }
        self.connected = true;
        let name = format!("{:016x}", u64::from_be_bytes(random::bytes()));
        self.socket.say(&message::connected(&name)).await
    }

    async fn call(&mut self, id: &str, name: &str, params: Vec<Value>) -> Result<(), End> {
        self.renew_login().await?;
        let context = Context {
            app: &self.hall.app,
            caller: self.login.as_ref().map(|login| &login.caller),
            origin: &self.origin,
            socket: Some(self.seat.number),
            connection: self.login.as_ref().map(|login| &login.connection),
            code: None,
        };
        let mut outcome = methods::call(context, name, params).await;
        if let Ok(Answer {
            login: Some(change), ..
        }) = &outcome
            && let Err(fault) = self.change_login(change).await?
        {
            outcome = Err(MethodFault::Refused(fault));
        }
        let answer = method_message::answer(&json!(id), &outcome);
        self.socket.say(&answer).await?;
        self.socket.say(&message::updated(id)).await
    }

    async fn change_login(&mut self, change: &LoginChange) -> Result<Result<(), Fault>, End> {
        match change {
            LoginChange::Begun(begun) => self.begin_login(begun).await,
            LoginChange::Ended => self.end_login().await.map(Ok),
        }
    }

    /// Makes the socket that of the user who was let in, and tells the client who that is before it learns
    /// that the login succeeded.
    async fn begin_login(&mut self, begun: &LoggedIn) -> Result<Result<(), Fault>, End> {
        let login = match Login::begin(&self.hall.app, &self.origin, begun) {
            Ok(login) => login,
            Err(fault) => return Ok(Err(fault)),
        };
        let id = &begun.user.id;
        if self.login.as_ref().is_some_and(|login| !login.is(id)) {
            self.end_login().await?;
        }
        let again = self.login.is_some();
        let document = login.document(&self.hall.app);
        self.login = Some(login);
        let told = if again { message::changed } else { message::added };
        self.socket.say(&told("users", id.as_str(), &document)).await?;
        Ok(Ok(()))
    }

    /// Takes the rights of the login away.
    async fn end_login(&mut self) -> Result<(), End> {
        let Some(login) = self.login.take() else {
            return Ok(());
        };
        let user = login.caller.user.id.clone();
        drop(login);
        for id in self.subscriptions.remove_private() {
            self.socket.say(&message::nosub(&id, None)).await?;
        }
        self.socket.say(&message::removed("users", user.as_str())).await
    }

    /// Looks the login up again, so that what it may do is what it may do now.
    async fn renew_login(&mut self) -> Result<(), End> {
        let app = &self.hall.app;
        if self.login.as_mut().is_none_or(|login| login.renew(app)) {
            return Ok(());
        }
        self.force_out().await
    }

    /// Tells the client that it is logged out, and takes its rights.
    async fn force_out(&mut self) -> Result<(), End> {
        let Some(login) = &self.login else {
            return Ok(());
        };
        let event = format!("{}/force_logout", login.caller.user.id);
        if self.subscriptions.hears(Stream::NotifyUser, &event) {
            let told = encode::event(Stream::NotifyUser, &event, &json!([]));
            self.socket.say(&told).await?;
        }
        self.end_login().await
    }

    async fn subscribe(&mut self, id: &str, name: &str, params: &[Value]) -> Result<(), End> {
        self.renew_login().await?;
        let caller = self.login.as_ref().map(|login| &login.caller);
        match self.subscriptions.add(caller, id, name, params) {
            Ok(Taken::Ready(document)) => {
                if let Some(document) = document {
                    self.socket.say(&document).await?;
                }
                self.socket.say(&message::ready(id)).await
            }
            Ok(Taken::Over) => self.socket.say(&message::nosub(id, None)).await,
            Err(refusal) => self.socket.say(&message::nosub(id, Some(refusal.to_json()))).await,
        }
    }

    /// Tells the client what else has happened already, so that it goes out at once.
    async fn tell_more(&mut self) -> Result<(), End> {
        for _ in 1..AT_ONCE {
            match self.told.try_recv() {
                Ok(outgoing) => self.tell(&outgoing).await?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Lagged(_)) => return Err(End::TooSlow),
                Err(TryRecvError::Closed) => return Err(End::Stopping),
            }
        }
        Ok(())
    }

    /// Tells the client of something, if it concerns it and it may know.
    async fn tell(&mut self, outgoing: &Outgoing) -> Result<(), End> {
        let now = self.hall.app.clock.now();
        let login = self.login.as_ref();
        if login.is_some_and(|login| !login.caller.token.is_live(now)) {
            self.force_out().await?;
        }
        match outgoing {
            Outgoing::User { id, user, .. } => {
                self.follow_user(id, user.as_ref()).await?;
                self.deliver(outgoing).await
            }
            Outgoing::TokenEnded(token) => {
                let login = self.login.as_ref();
                if login.is_some_and(|login| login.caller.token.hash == token.hash) {
                    self.force_out().await?;
                }
                Ok(())
            }
            Outgoing::Lost => Err(End::TooSlow),
            Outgoing::Stream { permission, .. } => {
                if permission.is_some() {
                    self.renew_login().await?;
                }
                self.deliver(outgoing).await
            }
            Outgoing::Presence(_) => self.deliver(outgoing).await,
        }
    }

    async fn deliver(&mut self, outgoing: &Outgoing) -> Result<(), End> {
        let caller = self.login.as_ref().map(|login| &login.caller);
        for text in outgoing.texts_for(caller, &self.subscriptions).into_iter().flatten() {
            self.socket.send(text.frame(self.socket.framing())).await?;
        }
        Ok(())
    }

    /// Takes in that the user of the login has another record, or none.
    async fn follow_user(&mut self, id: &UserId, user: Option<&Arc<User>>) -> Result<(), End> {
        let Some(login) = self.login.as_mut().filter(|login| login.is(id)) else {
            return Ok(());
        };
        match user.filter(|user| user.is_active()) {
            Some(user) => {
                login.follow(&self.hall.app, user);
                Ok(())
            }
            None => self.force_out().await,
        }
    }
}

//! A browser without scripts: it keeps cookies, fills in forms and names its origin, as browsers do.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Answer, Client, TestServer};
use crate::support::server::PASSWORD;

pub struct Visitor {
    client: Client,
    origin: String,
    cookies: Mutex<BTreeMap<String, String>>,
    /// Headers that go with every request.
    pub headers: Vec<(&'static str, String)>,
}

impl Visitor {
    /// A new browser in front of a server.
    pub fn of(server: &TestServer) -> Self {
        Self {
            client: server.anonymous(),
            origin: format!("http://{}", server.address),
            cookies: Mutex::default(),
            headers: vec![("accept", "text/html".to_owned())],
        }
    }

    /// One in which this user is signed in.
    pub async fn signed_in(server: &TestServer, user: &str) -> Self {
        let visitor = Self::of(server);
        let answer = visitor.sign_in(user, PASSWORD).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some("/")),
            "{answer:?}"
        );
        visitor
    }

    pub async fn sign_in(&self, user: &str, password: &str) -> Answer {
        self.submit("/sign-in", &[("user", user), ("password", password), ("keep", "on")])
            .await
    }

    /// The same browser with another language.
    pub fn speaking(mut self, language: &str) -> Self {
        self.headers.push(("accept-language", language.to_owned()));
        self
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().expect("cookies").get(name).cloned()
    }

    /// Puts a cookie into the browser.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies
            .lock()
            .expect("cookies")
            .insert(name.to_owned(), value.to_owned());
    }

    /// The header with all cookies.
    pub fn cookies(&self) -> String {
        let cookies = self.cookies.lock().expect("cookies");
        let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], String::new()).await
    }

    /// The text of a page.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        text(&answer)
    }

    /// Sends a form with these fields and the token that its page has.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.submit_from(path, path, fields).await
    }

    /// The same of a form that is on another page.
    pub async fn submit_from(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = token(&text(&self.get(page).await));
        self.post(path, &[fields, &[("form-token", &token)]].concat()).await
    }

    /// Sends these fields as a page of the server does.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = self.origin.clone();
        self.send("POST", path, &[("origin", &origin)], encoded(fields)).await
    }

    /// Sends a form with a file, with the token from this page.
    pub async fn upload(&self, page: &str, path: &str, file: &[u8]) -> Answer {
        let token = token(&text(&self.get(page).await));
        let boundary = "visitor-boundary";
        let disposition = "Content-Disposition: form-data; name=";
        let mut body = format!("--{boundary}\r\n{disposition}\"form-token\"\r\n\r\n{token}\r\n").into_bytes();
        let head = "filename=\"a.png\"\r\nContent-Type: image/png";
        body.extend(format!("--{boundary}\r\n{disposition}\"photo\"; {head}\r\n\r\n").bytes());
        body.extend(file);
        body.extend(format!("\r\n--{boundary}--\r\n").bytes());
        let (origin, cookies) = (self.origin.clone(), self.cookies());
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let headers = [
            ("accept", "text/html"),
            ("origin", origin.as_str()),
            ("cookie", cookies.as_str()),
            ("content-type", content_type.as_str()),
        ];
        let answer = self.client.send("POST", path, &headers, body).await;
        self.keep(&answer);
        answer
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let cookies = self.cookies();
        let mut all: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        all.extend(headers);
        all.push(("content-type", "application/x-www-form-urlencoded"));
        if !cookies.is_empty() {
            all.push(("cookie", &cookies));
        }
        let answer = self.client.send(method, path, &all, body).await;
        self.keep(&answer);
        answer
    }

    fn keep(&self, answer: &Answer) {
        let mut cookies = self.cookies.lock().expect("cookies");
        for set in answer.headers.get_all("set-cookie") {
            let set = set.to_str().expect("a cookie");
            let (name, value) = set
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .expect("a pair");
            if set.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The fields of a form as browsers send them.
pub fn encoded(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish()
}

/// The text of an answer.
pub fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).expect("a text")
}

/// The token of the first form on a page.
pub fn token(page: &str) -> String {
    let (_, rest) = page
        .split_once("name=\"form-token\" value=\"")
        .unwrap_or_else(|| panic!("no form in {page}"));
    rest.split('"').next().expect("a token").to_owned()
}

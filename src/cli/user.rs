//! `rollcall user`.

use clap::ArgMatches;

use super::{Failure, ask, output, password};
use crate::local::{Answer, Command, UserEntry};

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((name, matches)) = matches.subcommand() else {
        return Err(Failure::usage("name what to do with users"));
    };
    let who = || matches.get_one::<String>("user").cloned().unwrap_or_default();
    match name {
        "create" => create(matches),
        "list" => show(matches, ask(matches, Command::ListUsers)?),
        "show" => show(matches, ask(matches, Command::ShowUser { user: who() })?),
        "password" => {
            let password = password::new_password()?;
            ask(matches, Command::SetPassword { user: who(), password })?;
            output::print(&format!(
                "the password of {} is set and all its logins are ended",
                who()
            ))
        }
        "reset-link" => {
            let Answer::ResetLink(secret) = ask(matches, Command::MakeResetLink { user: who() })? else {
                return Err(Failure::failed("the server answered something else"));
            };
            output::print(&secret)
        }
        "reset-totp" => {
            ask(matches, Command::ResetTotp { user: who() })?;
            output::print(&format!(
                "{} has no second factor any more and all its logins are ended",
                who()
            ))
        }
        "unlock" => {
            ask(matches, Command::UnlockUser { user: who() })?;
            output::print(&format!("{} may try again to log in", who()))
        }
        "activate" => {
            ask(
                matches,
                Command::SetActive {
                    user: who(),
                    active: true,
                },
            )?;
            output::print(&format!("{} may log in", who()))
        }
        "deactivate" => {
            ask(
                matches,
                Command::SetActive {
                    user: who(),
                    active: false,
                },
            )?;
            output::print(&format!("{} may no longer log in and all its logins are ended", who()))
        }
        _ => {
            password::confirm(matches, &format!("delete the user {}", who()))?;
            ask(matches, Command::DeleteUser { user: who() })?;
            output::print(&format!("{} is deleted", who()))
        }
    }
}

fn create(matches: &ArgMatches) -> Result<(), Failure> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let command = Command::CreateUser {
        username: text("username").unwrap_or_default(),
        email: text("email"),
        name: text("name"),
        password: password::new_password()?,
        roles: matches.get_many("role").unwrap_or_default().cloned().collect(),
    };
    show(matches, ask(matches, command)?)
}

fn show(matches: &ArgMatches, answer: Answer) -> Result<(), Failure> {
    let users = match answer {
        Answer::User(user) if matches.get_flag("json") => return output::json(&user),
        Answer::User(user) => vec![user],
        Answer::Users(users) => users,
        _ => return Err(Failure::failed("the server answered something else")),
    };
    let columns = ["USERNAME", "NAME", "E-MAIL", "ROLES", "ACTIVE", "LAST LOGIN", "ID"];
    output::list(matches, &users, &columns, row)
}

fn row(user: &UserEntry) -> Vec<String> {
    vec![
        user.username.clone(),
        output::or_dash(user.name.as_ref()),
        output::or_dash(user.email.as_ref()),
        user.roles.join(","),
        if user.active { "yes" } else { "no" }.to_owned(),
        output::or_dash(user.last_login.as_ref()),
        user.id.clone(),
    ]
}

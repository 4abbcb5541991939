//! The command `rollcall user`.

use super::args::{OneUser, UserCommand};
use super::{Failure, ask, output, password};
use crate::admin_socket::{Command, CommandAnswer, UserEntry};

pub(super) fn run(command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Create {
            username,
            email,
            name,
            role,
            list,
        } => {
            let command = Command::CreateUser {
                username,
                email,
                name,
                password: password::new_password()?,
                roles: role,
            };
            show(list.json, ask(&list.folder.0, command)?)
        }
        UserCommand::List(list) => show(list.json, ask(&list.folder.0, Command::ListUsers)?),
        UserCommand::Show { user, list } => show(list.json, ask(&list.folder.0, Command::ShowUser { user })?),
        UserCommand::Password(one) => {
            let password = password::new_password()?;
            let done = "the password of {} is set and all its logins are ended";
            change(one, |user| Command::SetPassword { user, password }, done)
        }
        UserCommand::ResetLink(OneUser { folder, user }) => {
            let CommandAnswer::ResetLink(secret) = ask(&folder.0, Command::MakeResetLink { user })? else {
                return Err(Failure::failed("the server answered something else"));
            };
            output::print(&secret)
        }
        UserCommand::Invite {
            uses,
            days,
            role,
            note,
            folder,
        } => {
            let command = Command::Invite {
                max_uses: Some(uses),
                days: Some(days),
                roles: role,
                note,
            };
            let CommandAnswer::Invitation(link) = ask(&folder.0, command)? else {
                return Err(Failure::failed("the server answered something else"));
            };
            output::print(&link)
        }
        UserCommand::ResetTotp(one) => {
            let done = "{} has no second factor any more and all its logins are ended";
            change(one, |user| Command::ResetTotp { user }, done)
        }
        UserCommand::Unlock(one) => change(one, |user| Command::UnlockUser { user }, "{} may try again to log in"),
        UserCommand::Activate(one) => set_active(one, true, "{} may log in"),
        UserCommand::Deactivate(one) => set_active(one, false, "{} may no longer log in and all its logins are ended"),
        UserCommand::Delete { one, yes } => {
            password::confirm(yes, &format!("delete the user {}", one.user))?;
            change(one, |user| Command::DeleteUser { user }, "{} is deleted")
        }
    }
}

/// Carries out a command on one user, and prints the message with the user's name in place of `{}`.
fn change(one: OneUser, command: impl FnOnce(String) -> Command, done: &str) -> Result<(), Failure> {
    let OneUser { folder, user } = one;
    ask(&folder.0, command(user.clone()))?;
    output::print(&done.replacen("{}", &user, 1))
}

fn set_active(one: OneUser, active: bool, done: &str) -> Result<(), Failure> {
    change(one, |user| Command::SetActive { user, active }, done)
}

fn show(as_json: bool, answer: CommandAnswer) -> Result<(), Failure> {
    let users = match answer {
        CommandAnswer::User(user) if as_json => return output::json(&user),
        CommandAnswer::User(user) => vec![user],
        CommandAnswer::Users(users) => users,
        _ => return Err(Failure::failed("the server answered something else")),
    };
    let columns = ["USERNAME", "NAME", "E-MAIL", "ROLES", "ACTIVE", "LAST LOGIN", "ID"];
    output::list(as_json, &users, &columns, row)
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

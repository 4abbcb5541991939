# The words of the pages in English. Keys are those of locales/de.ftl; a test compares them, and finds keys that no page
# uses. The sentences of the customer's "Account messages" stand word for word.

## On every page
skip = Skip to the content
nav-main = Main
nav-board = Board
account = Your account
account-signed-in = Signed in as
switch-theme = Switch light and dark
shortcuts = Keyboard shortcuts
sign-out = Sign out
close = Close
undo = Undo
copied = Copied.
continue = Continue
optional = optional
try-again = Try again
try-now = Try now
go-to-board = Go to the board
back-to-board = Back to the board
back-to-sign-in = Back to sign in
show-password = Show the password
shortcut-status = Change my status
shortcut-quick = Set quick status 1 to 9
shortcut-search = Search people
shortcut-move = Move up and down the list
shortcut-help = Show these shortcuts

## Messages after something was done
note-signed-out = You are signed out.
note-ended = Your sign-in has ended. Sign in again.
note-password-set = Your password is set. Use the new password to log back in.
note-saved = Your profile has been successfully updated.
note-registered = Your account is ready. Sign in with it.
note-awaits-approval = Your account is ready. An administrator has to activate it before you can sign in.
note-status-set = Your status is set.
note-status-cleared = Your status is cleared.

## Moments
weekday-monday = Monday
weekday-tuesday = Tuesday
weekday-wednesday = Wednesday
weekday-thursday = Thursday
weekday-friday = Friday
weekday-saturday = Saturday
weekday-sunday = Sunday
month-january = January
month-february = February
month-march = March
month-april = April
month-may = May
month-june = June
month-july = July
month-august = August
month-september = September
month-october = October
month-november = November
month-december = December
moment-date = { $day } { $month }
moment-date-year = { $day } { $month } { $year }
moment-today = { $weekday } { $date }, { $time }
moment-tomorrow = tomorrow
moment-yesterday = yesterday
moment-midnight = midnight
moment-day-time = { $day }, { $time }
since = since { $moment }
until = until { $moment }
until-then = until { $moment }, then { $status }
seen = seen { $moment }
seen-today = seen today
seen-this-week = seen this week
seen-before = seen more than a week ago

## Statuses
status-online = Online
status-busy = Busy
status-away = Away
status-offline = Offline
status-invisible = Invisible

## Sign in
sign-in = Sign in
sign-in-lead = Sign in to see who is here.
sign-in-user = Username or e-mail
sign-in-keep = Keep me signed in on this device
sign-in-wrong = Username and password don’t match.
sign-in-wrong-advice = Check both and try again.
sign-in-blocked = Too many wrong passwords.
sign-in-blocked-advice = Try again in a few minutes, or ask an administrator to unlock you.
sign-in-busy = The server is busy.
sign-in-inactive = Your account is not active.
sign-in-no-roles = Your account has no role.
sign-in-unverified = Your e-mail address is not verified.
sign-in-ask = Ask an administrator.
forgot = Forgot your password?
register = Create an account
password = Password
code-title = Enter your code
code-lead = Enter the code your authenticator app shows for { $site }.
code-label = Six digits
code-wrong = This code is wrong or too old. Enter the one your app shows now.
recovery-code = Recovery code
recovery-hint = Enter one of the codes you saved when you turned on two-step sign-in. Each works once.
recovery-wrong = This code is wrong or was used already. Enter another one.
use-app = Use the authenticator app
use-recovery = Use a recovery code
someone-else = Sign in as someone else

## Passwords
forgot-lead = This server does not send e-mail. An administrator can give you a link to set a new password. It works once and for one day.
forgot-hint = Send it, and administrators see in the audit log that you need a link.
forgot-send = Tell the administrators
forgot-noted = It is noted. Ask an administrator for your link: this server does not send e-mail.
forgot-off = Passwords of this server can’t be reset by a link. Ask an administrator.
email = E-mail
link = The link you were given
link-hint = Paste the whole link here. With JavaScript this happens by itself.
link-over = This link no longer works
link-over-advice = It has been used already, or is more than a day old. Ask an administrator for a new one.
password-lead = Changing your password will log you out immediately. Use the new password to log back in.
choose-password = Choose a new password
change-password = Change password
current-password = Current password
new-password = New password
new-password-again = Repeat the new password
set-password = Set password
rule-length = At least { $least } characters
rule-guess = Not easy to guess
rule-strength = This password is too easy to guess. Choose a longer one of several uncommon words.
rule-short = This password is too short.
rule-long = This password is too long.
rule-repeating = This password repeats a character too often.
rule-lowercase = This password needs a lower-case letter.
rule-uppercase = This password needs an upper-case letter.
rule-number = This password needs a digit.
rule-special = This password needs a special character.

## First start and registration
setup-title = Set up Rollcall
setup-lead = This link works once.
setup-link-hint = Paste the whole link that the server printed when it started. With JavaScript this happens by itself.
setup-team = What is your team called?
setup-team-hint = Shown at the top of every page. You can change it later.
setup-registration = Who can create an account?
setup-registration-closed = Only an administrator creates accounts
setup-registration-open = Anyone who reaches this server
setup-submit = Create administrator account
first-name = First name
last-name = Last name
username = Username
username-hint = Letters, digits, hyphens, full stops and underscores.
secret = Registration secret
join-title = Join { $site }
register-closed = This server does not let people create their own account. Ask an administrator for one.
register-submit = Create my account
have-account = I already have an account

## The board
board-heading = { $here } of { $all } here
filters = Filters
status = Status
team = Team
everyone = Everyone
no-team = No team
group-by = Group by
by-status = Status
by-team = Team
by-name = Name
view = View
view-list = List
view-tiles = Tiles
search-people = Search people
you = You
no-one = No one found
no-one-advice = Try part of a name, a team or a status text.
clear-search = Clear search
alone = Only you so far
alone-open = Send the address of this server to your team. Everyone who opens it can create an account and appears here.
alone-closed = Create accounts for your team. Everyone who has one appears here.
lost = Connection lost.
lost-as-of = This is the board as of { $moment }.
lost-again = Trying again in { $seconds } seconds.
here-while-open = I am here while this page is open
nickname = Nickname
local-time = Local time

## My status
my-status = My status
change-status = Change status
im-back = I’m back
quick-statuses = Quick statuses
recent = Recent
own-words = In your own words
what-up = What are you up to?
choose-emoji = Choose an emoji
no-emoji = No emoji
show-as = Show me as
ends = Ends
no-end = No end
ends-today = Today
ends-week = This week
ends-exact = Until …
date = Date
time = Time
set-status = Set status
clear-status = Clear status
others-see = Others see { $status }.
lasts-minutes = { $count } min
lasts-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
 }
lasts-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
 }

## What can be wrong
fault-first-name = First name must have atleast 2 characters. Numbers and special characters are not allowed.
fault-last-name = Last name must have atleast 1 characters. Numbers and special characters are not allowed.
fault-name = This name has a character that names can’t have.
fault-email = Enter a valid email
fault-email-taken = This e-mail address belongs to another account.
fault-domain = E-mail addresses of this domain can’t be used here.
fault-username = Enter letters, digits, hyphens, full stops and underscores only.
fault-username-taken = This name is taken. Choose another one.
fault-password = Enter a valid password
fault-password-unchanged = This is your current password. Choose another one.
fault-password-used = You had this password before. Choose another one.
fault-password-wrong = This is not your current password.
fault-again = The two passwords don’t match.
fault-setup-link = This link is not valid: it was used, or belongs to another server.
fault-secret = This is not the registration secret.
fault-blocked = Too many wrong tries. Try again in a few minutes.
fault-too-many = Too many tries. Wait { $seconds } seconds and try again.
fault-unavailable = The server can’t do this now. Try again in a moment.
fault-status-over = This end has passed. Choose a later one.
fault-status-end = Enter a date and a time.
fault-invisible = Being invisible is not allowed on this server.
fault-status-gone = This status was deleted. Choose another one.
error-400 = Something in this request is wrong
error-401 = Sign in first
error-401-lead = This page is for people who are signed in.
error-403 = You can’t open this page
error-403-lead = Your account does not have the permission for it.
error-404 = Page not found
error-404-lead = The address may be wrong, or the page has moved.
error-500 = Something went wrong
error-500-lead = Nothing you saved is lost. If it happens again, tell your administrator this reference:
error-busy = Try again in a moment
error-origin = This form came from another site
error-origin-lead = Open the page on this server and send it from there.
error-stale = This form is out of date
error-stale-lead = You signed in or out after it was opened. Open the page again.
duty-two-factor = Turn on two-step sign-in first
duty-two-factor-lead = Your role requires two-step sign-in. Set it up now; it takes a minute.

## Profile
profile = Profile
profile-sections = Sections of the profile
profile-about = About me
profile-fields = More about me
profile-look = Look and language
save = Save
cancel = Cancel
end = End
renew = Renew
copy = Copy
now = now
on = on
off = off
turn-on = Turn on
turn-off = Turn off
photo-choose = Choose a photo
photo-save = Save photo
photo-remove = Remove
photo-hint = PNG, JPEG or WebP, up to { $size } KB. It is cropped to a square. With JavaScript, larger files are made smaller.
photo-missing = Choose a photo first.
email-unverified = Not confirmed yet. Only you and the administrators can see it.
email-private = Only you and the administrators can see it.
bio = About you
two-step = Two-step sign-in
two-step-lead = Adds a code from an authenticator app on your phone, so a stolen password is not enough.
two-step-set-up = Set up two-step sign-in
two-step-scan = Scan the code with your app, or type in this key:
two-step-picture = QR code for your authenticator app
two-step-code = Enter the six digits your app shows
two-step-again = Start again with a new key
two-step-hint = Needed for new recovery codes, and to turn two-step sign-in off.
recovery-codes = Recovery codes
codes-left = { $count ->
    [one] { $count } recovery code is left.
   *[other] { $count } recovery codes are left.
 }
codes-lead = These are shown only once. Each code signs you in one time without your phone. Print them or store them with your passwords.
codes-saved = I have saved them
codes-renew = New recovery codes
sessions = Sessions
sessions-lead = Where you are signed in. If you don’t recognise one, end it and change your password.
sessions-end-others = End all others
session-this = this browser
session-end = End the session of
session-name = { $browser } on { $system }
session-unknown = Unknown client
tokens = Access tokens
tokens-lead = For scripts and devices that sign in as you.
token-new = New token
token-name = What is it for?
token-can = It can
token-create = Create token
token-created = Copy the token now. It is not shown again.
token-unlimited = everything you can do
token-unlimited-choice = do everything that I can do
token-used = used { $moment }
token-unused = never used
token-ends = ends { $moment }
token-over = has ended
token-endless = does not end
token-month = In 30 days
token-year = In a year
token-never = Never
token-day = On a date …
scope-status-read = see custom statuses and my own status
scope-status-write = set my status
scope-presence-read = see who is here
scope-users-read = read users and roles
scope-users-write = change my profile
scope-admin = administer the server, as far as I may
privacy = Privacy
privacy-lead = People you hide from always see you as offline.
last-seen = Others see when you were last here
last-seen-exact = Exact time
last-seen-coarse = Roughly
last-seen-hidden = Not at all
hide-roles = Hide from everyone with the role
hide-users = Hide from people
hide-users-hint = Usernames, with commas between them.
language = Language
language-browser = Same as the browser
idle = Away after
idle-minutes = { $count ->
    [one] { $count } minute without activity
   *[other] { $count } minutes without activity
 }
idle-never = Never
theme = Theme
theme-device = Same as the device
theme-light = Light
theme-dark = Dark
confirm-title = Confirm that it’s you
confirm-password = Enter your password to go on.
confirm-code = Enter the code your authenticator app shows, or a recovery code, to go on.
note-session-ended = The session has ended.
note-sessions-ended = The other sessions have ended.
note-token-ended = The token has ended.
note-two-step-off = Two-step sign-in is off.
note-user-created = The account is created.
note-user-saved = The account is saved.
note-user-password-set = The password is set, and the user is signed out everywhere.
note-user-activated = The account is active again.
note-user-deactivated = The account is deactivated.
note-user-unlocked = The account is unlocked.
note-user-signed-out = The user is signed out everywhere.
note-user-deleted = The account is deleted.
fault-long = This text is too long.
fault-token-taken = You have a token with this name. Choose another name.
fault-token-name = Say in a few words what the token is for.
fault-token-scopes = Choose what the token can do.
fault-token-day = Choose a day in the future.
fault-photo = This is not a PNG, JPEG or WebP picture that can be read.
fault-photo-large = This picture is too large.
fault-hide-users = One of these people doesn’t exist. Enter usernames.
fault-not-allowed = This is not allowed. Ask an administrator.
fault-authority = You cannot do this, because it concerns the permission { $permission }, which you do not have.
fault-last-administrator = This is the last active administrator. Give another user the role admin first.
fault-nothing-to-prove = You have neither a password nor an authenticator app to confirm this with. Ask an administrator for a reset link.
fault-role = One of these roles doesn’t exist any more. Choose again.
fault-assign = You may not give or remove one of these roles.
fault-unlock-own = You can’t unlock your own account. Ask another administrator.

## Administration
administration = Administration
admin-users = Users
admin-invitations = Invitations
admin-roles = Roles and permissions
admin-statuses = Custom statuses
admin-walls = Wall displays
admin-settings = Settings
admin-audit = Audit log
admin-store = Storage and health
edit = Edit
delete = Delete
create = Create
delete-question = Delete “{ $name }”?
pager = Pages
pager-previous = Previous
pager-next = Next
pager-range = { $first } to { $last } of { $total }
done = Done

## Administration: users
users-lead = { $all ->
    [one] { $all } account, { $active } active.
   *[other] { $all } accounts, { $active } active.
 }
users-all = All
users-active = Active
users-locked = Locked
users-off = Deactivated
users-invite = Invite
users-search = Name, username or e-mail
users-search-names = Name or username
users-search-label = Search users
users-no-one = Try part of a name, or another filter.
users-clear = Show all users
users-account = Account
users-two-step = Two-step
users-seen = Last here
users-seen-today = today
users-seen-this-week = this week
users-seen-before = more than a week ago
users-more = More
users-more-for = More for
user-open = Open
user-new = New user
user-name = Name
user-roles = Roles
user-active = active
user-deactivated = deactivated
user-pending = awaits approval
user-idle = not used for a long time
user-locked = locked
user-must-change = must choose a new password
user-created = created { $moment }
user-seen = last here { $moment }
user-all = All users
user-back = Back to the account
user-account = Account
user-verified = The e-mail address is confirmed
user-bio = About the user
user-roles-lead = What a user may do comes from their roles.
user-roles-save = Save roles
user-role-fixed = You may not change this role.
user-password-lead = The user is signed out everywhere, and access tokens end. Tell the user the password in person.
user-own-password = Change your own password in your profile.
user-change-at-sign-in = The user must choose another one at the next sign-in
user-by-link = With a link
user-by-password = Set it now
user-by-link-hint = With a link, the new user chooses the password. You create it on the next page and pass it on.
user-create = Create
user-unlock = Unlock
user-unlock-title = Unlock { $name }?
user-unlock-lead = After too many wrong passwords or codes, { $name } can’t sign in for a while. Unlocking ends that now. Addresses that are blocked stay so.
user-reset-link = Create reset link
user-reset-link-title = Create a reset link for { $name }?
user-reset-link-lead = With the link, { $name } sets a new password. It works once and for { $hours } hours, and replaces an earlier link. This server does not send e-mail: you pass the link on.
user-link = Link for { $name }
user-link-lead = Send this link to { $name } to set a new password. It works once and for { $hours } hours, and is not shown again.
user-two-step-off = Turn off two-step sign-in
user-two-step-off-title = Turn off two-step sign-in for { $name }?
user-two-step-off-lead = For people who have lost their phone and their recovery codes. All sessions of { $name } end, and the password alone is then enough to sign in. { $name } can set it up again.
user-sign-out = Sign out everywhere
user-sign-out-title = Sign { $name } out everywhere?
user-sign-out-lead = All sessions and access tokens of { $name } end now, and the tokens can’t be restored. { $name } can sign in again.
user-photo = Remove photo
user-photo-title = Remove the photo of { $name }?
user-photo-lead = The photo is deleted, and initials show instead. This can’t be undone.
user-activate = Activate
user-activate-title = Activate { $name }?
user-activate-lead = { $name } can sign in again.
user-deactivate = Deactivate
user-deactivate-title = Deactivate { $name }?
user-deactivate-lead = { $name } is signed out everywhere and can no longer sign in. Access tokens stop working and can’t be restored. Nothing else is deleted, and you can activate the account again at any time.
user-delete = Delete
user-delete-title = Delete { $name }?
user-delete-lead = The account of { $name } is deleted with its photo, status, sessions, access tokens, invitations and wall displays. This can’t be undone. If { $name } may come back, deactivate the account instead.
user-sessions = Sessions of { $name }
user-sessions-lead = Where this user is signed in, and which access tokens exist.
user-sessions-none = No session and no access token.
user-sessions-proof = Sessions are private. You may have to confirm that it’s you.
user-sessions-show = Show sessions
fault-user-name = Enter a name without special characters.

## Administration: invitations, and joining with one
invitations-lead = Everyone who opens an invitation link can create an account.
invitation-new = New invitation
invitation-uses = Number of people
invitation-uses-hint = Up to { $most }; 0 sets no limit.
invitation-uses-wrong = Enter a whole number from 0 to { $most }.
invitation-until = Until
invitation-days = { $count ->
    [one] Tomorrow
    [7] In a week
    [30] In a month
    [365] In a year
   *[other] In { $count } days
 }
invitation-note = What is it for?
invitation-roles = Roles
invitation-roles-hint = Without a choice they get the roles of every new account.
invitation-default-roles = roles of every new account
invitation-used = used by { $used }
invitation-used-of = { $used } of { $all } used
invitation-created = Send this link to the people you invite.
invitation-revoke-lead = The link stops working at once. People who have joined with it keep their accounts. This cannot be undone.
invitations-open = Open
invitations-none = No invitation is open. Create a link and send it to your team.
by-person = by { $name }
by-operator = created at the command line
create-link = Create link
revoke = Revoke
revoke-question = Revoke “{ $name }”?
link-once = Copy the link now. It is not shown again.
link-not-valid = not valid now
page-older = Older
note-invitation-revoked = The invitation is revoked.
fault-too-many-links = There are { $most } links. Revoke one first.
join-by = has invited you.
join-invited = You are invited.
join-until = The link works until { $moment }.
join-over = This invitation is over
join-over-lead = The link was used up, has expired or was revoked, or a part of it is missing. Ask the person who sent it for a new one.
join-signed-in = You are signed in and have an account. To create one for another person, sign out first.
setup-invite = Send this link to your team
setup-invite-about = { $count } people can create an account with it, until { $moment }.
setup-invite-more = Invitations

## Administration: roles
roles-lead = What each role allows. A person with several roles has the permissions of all of them.
roles-save-lead = Changes count at once for everyone who has the role.
role-new = New role
role-name = Name
role-description = Description
role-two-step = People with this role must use two-step sign-in
role-built-in = This role is built in. Its permissions can be changed, its name cannot.
role-people = People with this role
role-holders = { $count ->
    [0] no one
    [one] { $count } person
   *[other] { $count } people
 }
role-delete-lead = This cannot be undone. Only a role that no one has can be deleted.
discard = Discard
permission = Permission
permissions-by-role = Permissions by role
permissions-search = Find a permission
permissions-none = No permission found
permissions-accounts = Accounts
permissions-presence = Statuses and presence
permissions-server = Server
permission-administer-users = Open the administration of users
permission-view-users = See all details of other users
permission-create-user = Create users
permission-invite = Create invitations
permission-edit-user = Edit other users
permission-edit-avatar = Change other users’ photos
permission-edit-password = Set other users’ passwords
permission-edit-two-step = Turn off other users’ two-step sign-in
permission-activate-user = Activate and deactivate users
permission-sign-out-user = Sign out other users
permission-delete-user = Delete users
permission-assign-roles = Give roles and take them back
permission-assign-admin = Give the role admin
permission-user-token = Create tokens for other users
permission-list-users = List users
permission-outside-room = See users outside one’s own rooms
permission-statuses = Manage custom statuses
permission-walls = Manage wall displays
permission-roles = Manage roles and permissions
permission-view-settings = See settings
permission-edit-settings = Change settings
permission-audit = Read the audit log
permission-statistics = See the server’s full version
permission-own-tokens = Create personal access tokens
permission-no-rate-limit = Call the API without a rate limit
permission-moderation = Moderate (no effect on this server)
note-permissions-saved = The permissions are saved.
note-role-saved = The role is saved.
note-role-deleted = The role is deleted.

## Administration: custom statuses
custom-statuses-lead = Statuses your team can set with one click. The keys 1 to 9 set the first nine.
custom-statuses-none = No custom statuses yet
custom-statuses-none-advice = Create the first one, such as “Lunch”. Everyone on the team can then set it with one click.
custom-status-new = New status
custom-status-edit = Edit status
custom-status-name = Name
custom-status-shows = Shows as
custom-status-ends-hint = People can choose a different end when they set it.
custom-status-delete-lead = People who are using it keep it until it ends. No one can choose it any more.
other-emoji = Another emoji
other-emoji-hint = Takes the place of the one you chose. Short codes such as :palm_tree: work too.
other-duration = Other …
minutes = Minutes
fault-minutes = Enter the minutes, from 1 to { $most }.
note-custom-status-saved = The status is saved.
note-custom-status-deleted = The status is deleted.

## Administration: wall displays, and a wall
walls-lead = A link that shows the board full screen, for a screen on the wall. It cannot change anything.
walls-none = No screen has a link yet.
wall-new = New display
wall-name = Where is the screen?
wall-name-wrong = Say in a few words where the screen is.
wall-show = Show
wall-show-wrong = Choose at least one role or value.
wall-by-role = People with one of these roles
wall-by-field = By the field
wall-names = Names
wall-names-full = first and last names
wall-names-first = first names only
wall-texts = Texts
wall-texts-on = emoji and text
wall-texts-off = status only
wall-texts-hint = Visitors can read it too. People who are invisible, or who hide from anyone, look offline. Times are on the clock of the server.
wall-language-device = Language of the screen’s browser
wall-created = Open this link on the screen.
wall-revoke-lead = The screen shows nothing any more within a minute. This cannot be undone; you can create a new link.
note-wall-revoked = The display is revoked.
open = Open
wall-title = who is here
wall-everyone = Everyone, by name
wall-none = No one to show yet.
wall-online = { $count } online
wall-busy = { $count } busy
wall-away = { $count } away
wall-offline = { $count } offline
wall-part = { $first } to { $last } of { $all }
wall-over = This screen is not connected any more
wall-over-lead = Its link was revoked or is not complete. An administrator creates a new one: Administration, Wall displays.
wall-busy-lead = The board cannot be shown now. This screen tries again by itself.

## Administration: settings
settings-lead = Changes apply at once, without a restart.
settings-search = Search { $count } settings
settings-search-label = Search settings
settings-all = All
settings-changed = Changed
settings-fixed = Fixed
settings-read-only = You can see the settings, but not change them.
settings-none = No setting found
settings-sign-in = Sign-in and sessions
settings-registration = Registration
settings-profiles = Profiles
settings-passwords = Passwords
settings-presence = Presence
settings-limits = Limits
settings-server = Server
setting-login-expiration = Days until sign-in expires
setting-two-factor = Two-step sign-in
setting-block-attempts = Failed sign-ins before a block
setting-registration = Who can register
setting-domains = Allowed e-mail domains
setting-invisible = Invisible status
setting-requires-connection = Offline without a live connection
setting-max-connections = Maximum live connections
setting-password-least = Minimum password length
setting-site-name = Name of the server
setting-site-url = Public address
setting-empty = empty
setting-default = default:
setting-reset = Use the default
setting-was = not saved; now:
setting-fixed-by = fixed by
secret-set = A secret is set. It is never shown.
secret-unset = No secret is set.
note-settings-saved = The settings are saved.

## Administration: audit log
audit-lead = Who did what to whom, when, and from where. Kept for { $days } days.
audit-csv = Export CSV
audit-csv-cut = Only the newest { $count } entries are here. Filter the log for the others.
audit-search = Username, id or address
audit-what = What happened
audit-when = When
audit-who = Who
audit-kind = Kind
audit-from = From
audit-filter = Filter
audit-everything = Everything
audit-all = At any time
audit-today = Today
audit-days = Last { $days } days
audit-caption = Audit log, newest first
audit-none = No entry matches.
audit-partial = Not all entries were searched. Go on with “Older”.
audit-newest = Newest
audit-operator = the command line
audit-anonymous = not signed in
audit-login = Signed in
audit-login-failed = Sign-in failed
audit-login-blocked = Blocked after failed sign-ins
audit-logout = Signed out
audit-user-created = Created a user
audit-user-registered = Registered
audit-user-updated = Changed a user
audit-user-deleted = Deleted a user
audit-user-activated = Activated an account
audit-user-deactivated = Deactivated an account
audit-user-unlocked = Unlocked a user
audit-password-changed = Set a password
audit-password-forgotten = Reported a forgotten password
audit-password-reset-link = Created a link to set a password
audit-tokens-ended = Ended sessions or tokens
audit-token-created = Created a token for a user
audit-personal-token-created = Created an access token
audit-personal-token-removed = Ended an access token
audit-two-factor-enabled = Turned on two-step sign-in
audit-two-factor-disabled = Turned off two-step sign-in
audit-backup-codes-made = Created recovery codes
audit-avatar-changed = Changed a photo
audit-role-created = Created a role
audit-role-updated = Changed a role
audit-role-deleted = Deleted a role
audit-role-given = Gave a role
audit-role-taken = Removed a role
audit-permission-changed = Changed a permission
audit-setting-changed = Changed a setting
audit-invitation-created = Created an invitation
audit-invitation-revoked = Revoked an invitation
audit-board-created = Created a wall display
audit-board-revoked = Revoked a wall display
audit-custom-status-created = Created a status
audit-custom-status-updated = Changed a status
audit-custom-status-deleted = Deleted a status

## Administration: storage and health
store-lead = Rollcall { $version } · { $up }, since { $moment }
store-up-days = up for { $count ->
    [one] { $count } day
   *[other] { $count } days
 }
store-up-hours = up for { $count ->
    [one] { $count } hour
   *[other] { $count } hours
 }
store-up-minutes = up for { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
 }
store-data = Data
store-data-opened = { $size } of records at the start
store-users = Accounts
store-users-active = { $count } can sign in
store-users-here = { $here } of them online or busy, { $away } away
store-connections = Connections
store-connections-about = of people, with the API or a page
store-batches = Batches written
store-batches-about = since the store was created
store-health = Health
store-disk = Disk
store-writable = The store accepts changes.
store-not-writable = The store accepts no changes: the disk failed. Look into the log of the server and restart it.
store-records = Records
store-checked = All records were checked at the start, { $moment }.
store-deleted = Deleted data
store-deleted-none = The files hold none.
store-deleted-some = The files may hold some until the store is compacted at a start of the server.
store-compacted = Last compacted: { $moment }.
store-encryption = Encryption
store-encrypted = Clients connect with TLS.
store-not-encrypted = Clients connect without encryption. Set up TLS in front of the server, and set Site_Url.
store-attention = needs attention
store-clients = Clients
store-clients-lead = { $sessions } sessions, { $tokens } access tokens
store-clients-other = others

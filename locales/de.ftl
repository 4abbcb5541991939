# Die Wörter der Seiten auf Deutsch. Die Schlüssel sind die von locales/en.ftl.

## Auf jeder Seite
skip = Zum Inhalt springen
nav-main = Hauptnavigation
nav-board = Tafel
account = Ihr Konto
account-signed-in = Angemeldet als
switch-theme = Hell und dunkel wechseln
shortcuts = Tastenkürzel
sign-out = Abmelden
close = Schließen
undo = Rückgängig
copied = Kopiert.
continue = Weiter
optional = freiwillig
try-again = Noch einmal versuchen
try-now = Jetzt versuchen
go-to-board = Zur Tafel
back-to-board = Zurück zur Tafel
back-to-sign-in = Zurück zur Anmeldung
show-password = Passwort anzeigen
shortcut-status = Meinen Status ändern
shortcut-quick = Schnellstatus 1 bis 9 setzen
shortcut-search = Personen suchen
shortcut-move = In der Liste auf und ab
shortcut-help = Diese Übersicht zeigen

## Meldungen danach
note-signed-out = Sie sind abgemeldet.
note-ended = Ihre Anmeldung ist beendet. Melden Sie sich wieder an.
note-password-set = Ihr Passwort ist gesetzt. Melden Sie sich mit dem neuen Passwort wieder an.
note-saved = Ihr Profil wurde gespeichert.
note-registered = Ihr Konto ist angelegt. Melden Sie sich damit an.
note-awaits-approval = Ihr Konto ist angelegt. Eine Administratorin oder ein Administrator muss es freischalten, bevor Sie sich anmelden können.
note-status-set = Ihr Status ist gesetzt.
note-status-cleared = Ihr Status ist zurückgesetzt.

## Zeitpunkte
weekday-monday = Montag
weekday-tuesday = Dienstag
weekday-wednesday = Mittwoch
weekday-thursday = Donnerstag
weekday-friday = Freitag
weekday-saturday = Samstag
weekday-sunday = Sonntag
month-january = Januar
month-february = Februar
month-march = März
month-april = April
month-may = Mai
month-june = Juni
month-july = Juli
month-august = August
month-september = September
month-october = Oktober
month-november = November
month-december = Dezember
moment-date = { $day }. { $month }
moment-date-year = { $day }. { $month } { $year }
moment-today = { $weekday }, { $date }, { $time }
moment-tomorrow = morgen
moment-yesterday = gestern
moment-midnight = Mitternacht
moment-day-time = { $day }, { $time }
since = seit { $moment }
until = bis { $moment }
until-then = bis { $moment }, danach { $status }
seen = zuletzt { $moment }
seen-today = zuletzt heute
seen-this-week = zuletzt diese Woche
seen-before = zuletzt vor mehr als einer Woche

## Status
status-online = Online
status-busy = Beschäftigt
status-away = Abwesend
status-offline = Offline
status-invisible = Unsichtbar

## Anmeldung
sign-in = Anmelden
sign-in-lead = Melden Sie sich an, um zu sehen, wer da ist.
sign-in-user = Benutzername oder E-Mail-Adresse
sign-in-keep = Auf diesem Gerät angemeldet bleiben
sign-in-wrong = Benutzername und Passwort passen nicht zusammen.
sign-in-wrong-advice = Prüfen Sie beides und versuchen Sie es noch einmal.
sign-in-blocked = Zu viele falsche Passwörter.
sign-in-blocked-advice = Versuchen Sie es in ein paar Minuten wieder, oder lassen Sie sich von der Verwaltung entsperren.
sign-in-busy = Der Server ist ausgelastet.
sign-in-inactive = Ihr Konto ist nicht freigeschaltet.
sign-in-no-roles = Ihr Konto hat keine Rolle.
sign-in-unverified = Ihre E-Mail-Adresse ist nicht bestätigt.
sign-in-ask = Wenden Sie sich an die Verwaltung.
forgot = Passwort vergessen?
register = Konto anlegen
password = Passwort
code-title = Code eingeben
code-lead = Geben Sie den Code ein, den Ihre Authenticator-App für { $site } anzeigt.
code-label = Sechs Ziffern
code-wrong = Dieser Code ist falsch oder zu alt. Geben Sie den ein, den Ihre App jetzt anzeigt.
recovery-code = Wiederherstellungscode
recovery-hint = Geben Sie einen der Codes ein, die Sie beim Einschalten der Anmeldung in zwei Schritten gespeichert haben. Jeder gilt einmal.
recovery-wrong = Dieser Code ist falsch oder wurde schon benutzt. Geben Sie einen anderen ein.
use-app = Authenticator-App benutzen
use-recovery = Wiederherstellungscode benutzen
someone-else = Als jemand anders anmelden

## Passwörter
forgot-lead = Dieser Server verschickt keine E-Mails. Die Verwaltung kann Ihnen einen Link geben, mit dem Sie ein neues Passwort setzen. Er gilt einmal und einen Tag lang.
forgot-hint = Nach dem Absenden sieht die Verwaltung im Protokoll, dass Sie einen Link brauchen.
forgot-send = Der Verwaltung Bescheid geben
forgot-noted = Es ist vermerkt. Fragen Sie die Verwaltung nach Ihrem Link: dieser Server verschickt keine E-Mails.
forgot-off = Passwörter dieses Servers lassen sich nicht mit einem Link zurücksetzen. Wenden Sie sich an die Verwaltung.
email = E-Mail-Adresse
link = Der Link, den Sie bekommen haben
link-hint = Fügen Sie hier den ganzen Link ein. Mit JavaScript geschieht das von selbst.
link-over = Dieser Link gilt nicht mehr
link-over-advice = Er wurde schon benutzt oder ist älter als einen Tag. Fragen Sie die Verwaltung nach einem neuen.
password-lead = Wenn Sie Ihr Passwort ändern, werden Sie sofort abgemeldet. Melden Sie sich mit dem neuen Passwort wieder an.
choose-password = Neues Passwort wählen
change-password = Passwort ändern
current-password = Jetziges Passwort
new-password = Neues Passwort
new-password-again = Neues Passwort wiederholen
set-password = Passwort setzen
rule-length = Mindestens { $least } Zeichen
rule-guess = Nicht leicht zu erraten
rule-strength = Dieses Passwort ist zu leicht zu erraten. Wählen Sie ein längeres aus mehreren seltenen Wörtern.
rule-short = Dieses Passwort ist zu kurz.
rule-long = Dieses Passwort ist zu lang.
rule-repeating = Dieses Passwort wiederholt ein Zeichen zu oft.
rule-lowercase = Dieses Passwort braucht einen Kleinbuchstaben.
rule-uppercase = Dieses Passwort braucht einen Großbuchstaben.
rule-number = Dieses Passwort braucht eine Ziffer.
rule-special = Dieses Passwort braucht ein Sonderzeichen.

## Erster Start und Registrierung
setup-title = Rollcall einrichten
setup-lead = Dieser Link gilt einmal.
setup-link-hint = Fügen Sie den ganzen Link ein, den der Server beim Start ausgegeben hat. Mit JavaScript geschieht das von selbst.
setup-team = Wie heißt Ihr Team?
setup-team-hint = Steht oben auf jeder Seite. Sie können es später ändern.
setup-registration = Wer kann ein Konto anlegen?
setup-registration-closed = Nur die Verwaltung legt Konten an
setup-registration-open = Alle, die diesen Server erreichen
setup-submit = Administratorkonto anlegen
first-name = Vorname
last-name = Nachname
username = Benutzername
username-hint = Buchstaben, Ziffern, Bindestriche, Punkte und Unterstriche.
secret = Geheimnis für die Registrierung
join-title = { $site } beitreten
register-closed = Auf diesem Server legt die Verwaltung die Konten an. Fragen Sie dort nach einem.
register-submit = Mein Konto anlegen
have-account = Ich habe schon ein Konto

## Die Tafel
board-heading = { $here } von { $all } anwesend
filters = Filter
status = Status
team = Abteilung
everyone = Alle
no-team = Ohne Abteilung
group-by = Gruppieren nach
by-status = Status
by-team = Abteilung
by-name = Name
view = Ansicht
view-list = Liste
view-tiles = Kacheln
search-people = Personen suchen
you = Sie
no-one = Niemand gefunden
no-one-advice = Versuchen Sie einen Teil eines Namens, eine Abteilung oder einen Statustext.
clear-search = Suche löschen
alone = Bisher nur Sie
alone-open = Schicken Sie Ihrem Team die Adresse dieses Servers. Alle, die sie öffnen, können ein Konto anlegen und erscheinen hier.
alone-closed = Legen Sie Konten für Ihr Team an. Alle mit einem Konto erscheinen hier.
lost = Verbindung unterbrochen.
lost-as-of = Stand der Tafel: { $moment }.
lost-again = Nächster Versuch in { $seconds } Sekunden.
here-while-open = Ich bin da, solange diese Seite offen ist
nickname = Spitzname
local-time = Ortszeit

## Mein Status
my-status = Mein Status
change-status = Status ändern
im-back = Bin zurück
quick-statuses = Schnellstatus
recent = Zuletzt verwendet
own-words = In eigenen Worten
what-up = Was machen Sie gerade?
choose-emoji = Emoji auswählen
no-emoji = Kein Emoji
show-as = Anzeigen als
ends = Endet
no-end = Ohne Ende
ends-today = Heute
ends-week = Diese Woche
ends-exact = Bis …
date = Datum
time = Uhrzeit
set-status = Status setzen
clear-status = Status zurücksetzen
others-see = Andere sehen { $status }.
lasts-minutes = { $count } Min.
lasts-hours = { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
 }
lasts-days = { $count ->
    [one] { $count } Tag
   *[other] { $count } Tage
 }

## Was falsch sein kann
fault-first-name = Der Vorname braucht mindestens 2 Buchstaben. Ziffern und Sonderzeichen sind nicht erlaubt.
fault-last-name = Der Nachname braucht mindestens 1 Buchstaben. Ziffern und Sonderzeichen sind nicht erlaubt.
fault-name = Dieser Name hat ein Zeichen, das Namen nicht haben dürfen.
fault-email = Geben Sie eine gültige E-Mail-Adresse ein
fault-email-taken = Diese E-Mail-Adresse gehört zu einem anderen Konto.
fault-domain = E-Mail-Adressen dieser Domain sind hier nicht erlaubt.
fault-username = Geben Sie nur Buchstaben, Ziffern, Bindestriche, Punkte und Unterstriche ein.
fault-username-taken = Dieser Name ist vergeben. Wählen Sie einen anderen.
fault-password = Geben Sie ein gültiges Passwort ein
fault-password-unchanged = Das ist Ihr jetziges Passwort. Wählen Sie ein anderes.
fault-password-used = Dieses Passwort hatten Sie schon einmal. Wählen Sie ein anderes.
fault-password-wrong = Das ist nicht Ihr jetziges Passwort.
fault-again = Die beiden Passwörter stimmen nicht überein.
fault-setup-link = Dieser Link ist nicht gültig: er wurde benutzt oder gehört zu einem anderen Server.
fault-secret = Das ist nicht das Geheimnis für die Registrierung.
fault-blocked = Zu viele falsche Versuche. Versuchen Sie es in ein paar Minuten wieder.
fault-too-many = Zu viele Versuche. Warten Sie { $seconds } Sekunden und versuchen Sie es wieder.
fault-unavailable = Der Server kann das gerade nicht. Versuchen Sie es gleich noch einmal.
fault-status-over = Dieses Ende ist schon vorbei. Wählen Sie ein späteres.
fault-status-end = Geben Sie ein Datum und eine Uhrzeit ein.
fault-invisible = Auf diesem Server darf niemand unsichtbar sein.
fault-status-gone = Dieser Status wurde gelöscht. Wählen Sie einen anderen.
error-400 = An dieser Anfrage ist etwas falsch
error-401 = Melden Sie sich erst an
error-401-lead = Diese Seite ist für angemeldete Personen.
error-403 = Diese Seite können Sie nicht öffnen
error-403-lead = Ihrem Konto fehlt das Recht dafür.
error-404 = Seite nicht gefunden
error-404-lead = Die Adresse ist vielleicht falsch, oder die Seite ist umgezogen.
error-500 = Etwas ist schiefgegangen
error-500-lead = Was Sie gespeichert haben, ist nicht verloren. Wenn es wieder geschieht, nennen Sie der Verwaltung diese Kennung:
error-busy = Versuchen Sie es gleich noch einmal
error-origin = Dieses Formular kam von einer anderen Website
error-origin-lead = Öffnen Sie die Seite auf diesem Server und senden Sie es von dort.
error-stale = Dieses Formular ist veraltet
error-stale-lead = Sie haben sich an- oder abgemeldet, nachdem es geöffnet wurde. Öffnen Sie die Seite noch einmal.
duty-two-factor = Schalten Sie erst die Anmeldung in zwei Schritten ein
duty-two-factor-lead = Ihre Rolle verlangt die Anmeldung in zwei Schritten. Richten Sie sie jetzt ein; das dauert eine Minute.

## Profil
profile = Profil
profile-sections = Abschnitte des Profils
profile-about = Über mich
profile-fields = Mehr über mich
profile-look = Aussehen und Sprache
save = Speichern
cancel = Abbrechen
end = Beenden
renew = Erneuern
copy = Kopieren
now = jetzt
on = an
off = aus
turn-on = Einschalten
turn-off = Ausschalten
photo-choose = Foto auswählen
photo-save = Foto speichern
photo-remove = Entfernen
photo-hint = PNG, JPEG oder WebP, bis zu { $size } KB. Es wird quadratisch zugeschnitten. Mit JavaScript werden größere Dateien verkleinert.
photo-missing = Wählen Sie zuerst ein Foto aus.
email-unverified = Noch nicht bestätigt. Nur Sie und die Administratoren sehen sie.
email-private = Nur Sie und die Administratoren sehen sie.
bio = Über Sie
two-step = Anmeldung in zwei Schritten
two-step-lead = Dazu kommt ein Code aus einer Authenticator-App auf Ihrem Telefon, sodass ein gestohlenes Passwort nicht genügt.
two-step-set-up = Anmeldung in zwei Schritten einrichten
two-step-scan = Scannen Sie den Code mit Ihrer App, oder geben Sie diesen Schlüssel ein:
two-step-picture = QR-Code für Ihre Authenticator-App
two-step-code = Geben Sie die sechs Ziffern ein, die Ihre App zeigt
two-step-again = Mit einem neuen Schlüssel beginnen
two-step-hint = Nötig für neue Wiederherstellungscodes und zum Ausschalten.
recovery-codes = Wiederherstellungscodes
codes-left = { $count ->
    [one] Es ist noch { $count } Wiederherstellungscode übrig.
   *[other] Es sind noch { $count } Wiederherstellungscodes übrig.
 }
codes-lead = Sie werden nur einmal gezeigt. Jeder Code meldet Sie einmal ohne Ihr Telefon an. Drucken Sie sie aus, oder bewahren Sie sie bei Ihren Passwörtern auf.
codes-saved = Ich habe sie gespeichert
codes-renew = Neue Wiederherstellungscodes
sessions = Sitzungen
sessions-lead = Wo Sie angemeldet sind. Wenn Sie eine nicht kennen, beenden Sie sie und ändern Sie Ihr Passwort.
sessions-end-others = Alle anderen beenden
session-this = dieser Browser
session-end = Beenden: die Sitzung von
session-name = { $browser } unter { $system }
session-unknown = Unbekanntes Programm
tokens = Zugriffstoken
tokens-lead = Für Skripte und Geräte, die sich als Sie anmelden.
token-new = Neues Token
token-name = Wofür ist es?
token-can = Es kann
token-create = Token erstellen
token-created = Kopieren Sie das Token jetzt. Es wird nicht noch einmal gezeigt.
token-unlimited = alles, was Sie können
token-unlimited-choice = alles tun, was ich tun kann
token-used = benutzt { $moment }
token-unused = nie benutzt
token-ends = endet { $moment }
token-over = ist abgelaufen
token-endless = endet nicht
token-month = In 30 Tagen
token-year = In einem Jahr
token-never = Nie
token-day = An einem Tag …
scope-status-read = eigene Status des Teams und meinen Status sehen
scope-status-write = meinen Status setzen
scope-presence-read = sehen, wer da ist
scope-users-read = Benutzer und Rollen lesen
scope-users-write = mein Profil ändern
scope-admin = den Server verwalten, soweit ich es darf
privacy = Privatsphäre
privacy-lead = Personen, vor denen Sie sich verbergen, sehen Sie immer als offline.
last-seen = Andere sehen, wann Sie zuletzt hier waren
last-seen-exact = Genaue Zeit
last-seen-coarse = Ungefähr
last-seen-hidden = Gar nicht
hide-roles = Verbergen vor allen mit der Rolle
hide-users = Verbergen vor Personen
hide-users-hint = Benutzernamen, mit Kommas dazwischen.
language = Sprache
language-browser = Wie im Browser
idle = Abwesend nach
idle-minutes = { $count ->
    [one] { $count } Minute ohne Aktivität
   *[other] { $count } Minuten ohne Aktivität
 }
idle-never = Nie
theme = Farben
theme-device = Wie das Gerät
theme-light = Hell
theme-dark = Dunkel
confirm-title = Bestätigen Sie, dass Sie es sind
confirm-password = Geben Sie Ihr Passwort ein, um fortzufahren.
confirm-code = Geben Sie den Code Ihrer Authenticator-App oder einen Wiederherstellungscode ein, um fortzufahren.
note-session-ended = Die Sitzung ist beendet.
note-sessions-ended = Die anderen Sitzungen sind beendet.
note-token-ended = Das Token ist beendet.
note-two-step-off = Die Anmeldung in zwei Schritten ist aus.
note-user-created = Das Konto ist angelegt.
note-user-saved = Das Konto ist gespeichert.
note-user-password-set = Das Passwort ist gesetzt, und alle Anmeldungen des Kontos sind beendet.
note-user-activated = Das Konto ist wieder aktiv.
note-user-deactivated = Das Konto ist deaktiviert.
note-user-unlocked = Das Konto ist entsperrt.
note-user-signed-out = Alle Anmeldungen des Kontos sind beendet.
note-user-deleted = Das Konto ist gelöscht.
fault-long = Dieser Text ist zu lang.
fault-token-taken = Sie haben ein Token mit diesem Namen. Wählen Sie einen anderen.
fault-token-name = Sagen Sie in wenigen Worten, wofür das Token ist.
fault-token-scopes = Wählen Sie, was das Token kann.
fault-token-day = Wählen Sie einen Tag in der Zukunft.
fault-photo = Das ist kein lesbares Bild im Format PNG, JPEG oder WebP.
fault-photo-large = Dieses Bild ist zu groß.
fault-hide-users = Eine dieser Personen gibt es nicht. Geben Sie Benutzernamen ein.
fault-not-allowed = Das ist nicht erlaubt. Fragen Sie einen Administrator.
fault-authority = Das geht nicht, weil es das Recht { $permission } betrifft, das Sie nicht haben.
fault-last-administrator = Das ist der letzte aktive Administrator. Geben Sie erst einem anderen Benutzer die Rolle admin.
fault-nothing-to-prove = Sie haben weder ein Passwort noch eine Authenticator-App, um dies zu bestätigen. Bitten Sie einen Administrator um einen Link zum Zurücksetzen.
fault-role = Eine dieser Rollen gibt es nicht mehr. Wählen Sie neu.
fault-assign = Eine dieser Rollen dürfen Sie weder geben noch entziehen.
fault-unlock-own = Ihr eigenes Konto können Sie nicht entsperren. Bitten Sie einen anderen Administrator.

## Administration
administration = Verwaltung
admin-users = Benutzer
admin-invitations = Einladungen
admin-roles = Rollen und Rechte
admin-statuses = Eigene Status
admin-walls = Wandanzeigen
admin-settings = Einstellungen
admin-audit = Protokoll
admin-store = Speicher und Zustand
edit = Bearbeiten
delete = Löschen
create = Erstellen
delete-question = „{ $name }“ löschen?
pager = Seiten
pager-previous = Zurück
pager-next = Weiter
pager-range = { $first } bis { $last } von { $total }
done = Fertig

## Administration: users
users-lead = { $all ->
    [one] { $all } Konto, { $active } aktiv.
   *[other] { $all } Konten, { $active } aktiv.
 }
users-all = Alle
users-active = Aktiv
users-locked = Gesperrt
users-off = Deaktiviert
users-invite = Einladen
users-search = Name, Benutzername oder E-Mail
users-search-names = Name oder Benutzername
users-search-label = Benutzer suchen
users-no-one = Versuchen Sie einen Teil des Namens oder einen anderen Filter.
users-clear = Alle Benutzer zeigen
users-account = Konto
users-two-step = Zwei Schritte
users-seen = Zuletzt hier
users-seen-today = heute
users-seen-this-week = diese Woche
users-seen-before = vor mehr als einer Woche
users-more = Mehr
users-more-for = Mehr zu
user-open = Öffnen
user-new = Neuer Benutzer
user-name = Name
user-roles = Rollen
user-active = aktiv
user-deactivated = deaktiviert
user-pending = wartet auf Freigabe
user-idle = lange nicht benutzt
user-locked = gesperrt
user-must-change = muss ein neues Passwort wählen
user-created = angelegt { $moment }
user-seen = zuletzt hier { $moment }
user-all = Alle Benutzer
user-back = Zurück zum Konto
user-account = Konto
user-verified = Die E-Mail-Adresse ist bestätigt
user-bio = Über den Benutzer
user-roles-lead = Was ein Benutzer darf, ergibt sich aus den Rollen.
user-roles-save = Rollen speichern
user-role-fixed = Diese Rolle dürfen Sie nicht ändern.
user-password-lead = Alle Anmeldungen und Zugriffstoken des Benutzers enden. Geben Sie das Passwort persönlich weiter.
user-own-password = Ihr eigenes Passwort ändern Sie in Ihrem Profil.
user-change-at-sign-in = Bei der nächsten Anmeldung muss ein anderes gewählt werden
user-by-link = Mit einem Link
user-by-password = Jetzt festlegen
user-by-link-hint = Mit einem Link wählt der neue Benutzer das Passwort selbst. Sie erstellen ihn auf der nächsten Seite und geben ihn weiter.
user-create = Anlegen
user-unlock = Entsperren
user-unlock-title = { $name } entsperren?
user-unlock-lead = Nach zu vielen falschen Passwörtern oder Codes kann sich { $name } eine Weile nicht anmelden. Das Entsperren beendet dies sofort. Gesperrte Adressen bleiben gesperrt.
user-reset-link = Link zum Zurücksetzen erstellen
user-reset-link-title = Link zum Zurücksetzen für { $name } erstellen?
user-reset-link-lead = Mit dem Link setzt { $name } ein neues Passwort. Er gilt einmal und { $hours } Stunden lang und ersetzt einen früheren. Dieser Server verschickt keine E-Mails: Sie geben den Link weiter.
user-link = Link für { $name }
user-link-lead = Senden Sie diesen Link an { $name }, um ein neues Passwort zu setzen. Er gilt einmal und { $hours } Stunden lang und wird nicht noch einmal gezeigt.
user-two-step-off = Anmeldung in zwei Schritten ausschalten
user-two-step-off-title = Anmeldung in zwei Schritten für { $name } ausschalten?
user-two-step-off-lead = Für alle, die ihr Telefon und ihre Wiederherstellungscodes verloren haben. Alle Sitzungen von { $name } enden, und danach genügt das Passwort für die Anmeldung. { $name } kann sie wieder einrichten.
user-sign-out = Überall abmelden
user-sign-out-title = { $name } überall abmelden?
user-sign-out-lead = Alle Sitzungen und Zugriffstoken von { $name } enden jetzt; die Token lassen sich nicht wiederherstellen. { $name } kann sich wieder anmelden.
user-photo = Foto entfernen
user-photo-title = Das Foto von { $name } entfernen?
user-photo-lead = Das Foto wird gelöscht; stattdessen erscheinen Initialen. Das lässt sich nicht rückgängig machen.
user-activate = Aktivieren
user-activate-title = { $name } aktivieren?
user-activate-lead = { $name } kann sich wieder anmelden.
user-deactivate = Deaktivieren
user-deactivate-title = { $name } deaktivieren?
user-deactivate-lead = { $name } wird überall abgemeldet und kann sich nicht mehr anmelden. Zugriffstoken gelten nicht mehr und lassen sich nicht wiederherstellen. Sonst wird nichts gelöscht, und Sie können das Konto jederzeit wieder aktivieren.
user-delete = Löschen
user-delete-title = { $name } löschen?
user-delete-lead = Das Konto von { $name } wird gelöscht, mit Foto, Status, Sitzungen, Zugriffstoken, Einladungen und Wandanzeigen. Das lässt sich nicht rückgängig machen. Wenn { $name } wiederkommen könnte, deaktivieren Sie das Konto stattdessen.
user-sessions = Sitzungen von { $name }
user-sessions-lead = Wo dieser Benutzer angemeldet ist, und welche Zugriffstoken es gibt.
user-sessions-none = Keine Sitzung und kein Zugriffstoken.
user-sessions-proof = Sitzungen sind privat. Vielleicht müssen Sie bestätigen, dass Sie es sind.
user-sessions-show = Sitzungen zeigen
fault-user-name = Geben Sie einen Namen ohne Sonderzeichen ein.

## Administration: invitations, and joining with one
invitations-lead = Alle, die einen Einladungslink öffnen, können ein Konto anlegen.
invitation-new = Neue Einladung
invitation-uses = Anzahl der Personen
invitation-uses-hint = Bis zu { $most }; 0 setzt keine Grenze.
invitation-uses-wrong = Geben Sie eine ganze Zahl von 0 bis { $most } ein.
invitation-until = Bis
invitation-days = { $count ->
    [one] morgen
    [7] in einer Woche
    [30] in einem Monat
    [365] in einem Jahr
   *[other] in { $count } Tagen
 }
invitation-note = Wofür ist sie?
invitation-roles = Rollen
invitation-roles-hint = Ohne Auswahl erhalten sie die Rollen jedes neuen Kontos.
invitation-default-roles = Rollen jedes neuen Kontos
invitation-used = { $used }-mal benutzt
invitation-used-of = { $used } von { $all } benutzt
invitation-created = Schicken Sie diesen Link den Personen, die Sie einladen.
invitation-revoke = Diese Einladung zurückziehen?
invitation-revoke-lead = Der Link gilt sofort nicht mehr. Wer damit beigetreten ist, behält sein Konto. Das lässt sich nicht rückgängig machen.
invitations-open = Offen
invitations-none = Keine Einladung ist offen. Erstellen Sie einen Link und schicken Sie ihn Ihrem Team.
by-person = von { $name }
by-operator = auf der Kommandozeile erstellt
create-link = Link erstellen
revoke = Zurückziehen
link-once = Kopieren Sie den Link jetzt. Er wird nicht noch einmal gezeigt.
link-not-valid = gilt zurzeit nicht
pages = Seiten
page-newer = Neuere
page-older = Ältere
note-invitation-revoked = Die Einladung ist zurückgezogen.
fault-too-many-links = Es gibt schon { $most } Links. Ziehen Sie erst einen zurück.
join-by = hat Sie eingeladen.
join-invited = Sie sind eingeladen.
join-until = Der Link gilt bis { $moment }.
join-over = Diese Einladung gilt nicht mehr
join-over-lead = Der Link ist aufgebraucht, abgelaufen oder zurückgezogen, oder ein Teil von ihm fehlt. Fragen Sie die Person, die ihn geschickt hat, nach einem neuen.
join-signed-in = Sie sind angemeldet und haben ein Konto. Um eines für eine andere Person anzulegen, melden Sie sich erst ab.
setup-invite = Schicken Sie diesen Link Ihrem Team
setup-invite-about = { $count } Personen können damit bis { $moment } ein Konto anlegen.
setup-invite-more = Einladungen

## Administration: roles
roles-lead = Was jede Rolle erlaubt. Wer mehrere Rollen hat, hat die Rechte aller.
roles-save-lead = Änderungen gelten sofort für alle, die die Rolle haben.
role-new = Neue Rolle
role-name = Name
role-description = Beschreibung
role-two-step = Wer diese Rolle hat, muss sich in zwei Schritten anmelden
role-built-in = Diese Rolle ist eingebaut. Ihre Rechte lassen sich ändern, ihr Name nicht.
role-people = Personen mit dieser Rolle
role-holders = { $count ->
    [0] niemand
    [one] { $count } Person
   *[other] { $count } Personen
 }
role-delete-lead = Das lässt sich nicht rückgängig machen. Nur eine Rolle, die niemand hat, kann gelöscht werden.
discard = Verwerfen
permission = Recht
permissions-by-role = Rechte nach Rollen
permissions-search = Recht suchen
permissions-none = Kein Recht gefunden
permissions-accounts = Konten
permissions-presence = Status und Anwesenheit
permissions-server = Server
permission-administer-users = Benutzerverwaltung öffnen
permission-view-users = Alle Angaben anderer Benutzer sehen
permission-create-user = Benutzer erstellen
permission-invite = Einladungen erstellen
permission-edit-user = Andere Benutzer bearbeiten
permission-edit-avatar = Fotos anderer Benutzer ändern
permission-edit-password = Passwörter anderer Benutzer setzen
permission-edit-two-step = Anmeldung in zwei Schritten für andere ausschalten
permission-activate-user = Benutzer aktivieren und deaktivieren
permission-sign-out-user = Andere Benutzer abmelden
permission-delete-user = Benutzer löschen
permission-assign-roles = Rollen geben und entziehen
permission-assign-admin = Die Rolle admin geben
permission-user-token = Tokens für andere Benutzer erstellen
permission-list-users = Benutzer auflisten
permission-outside-room = Benutzer außerhalb der eigenen Räume sehen
permission-statuses = Eigene Status verwalten
permission-walls = Wandanzeigen verwalten
permission-roles = Rollen und Rechte verwalten
permission-view-settings = Einstellungen sehen
permission-edit-settings = Einstellungen ändern
permission-audit = Das Protokoll lesen
permission-statistics = Die volle Version des Servers sehen
permission-own-tokens = Persönliche Zugriffstokens erstellen
permission-no-rate-limit = Die API ohne Begrenzung aufrufen
permission-moderation = Moderieren (ohne Wirkung auf diesem Server)
note-permissions-saved = Die Rechte sind gespeichert.
note-role-saved = Die Rolle ist gespeichert.
note-role-deleted = Die Rolle ist gelöscht.

## Administration: custom statuses
custom-statuses-lead = Status, die Ihr Team mit einem Klick setzen kann. Die Tasten 1 bis 9 setzen die ersten neun.
custom-statuses-none = Noch keine eigenen Status
custom-statuses-none-advice = Erstellen Sie den ersten, zum Beispiel „Mittagspause“. Dann kann ihn jede Person im Team mit einem Klick setzen.
custom-status-new = Neuer Status
custom-status-edit = Status bearbeiten
custom-status-name = Name
custom-status-shows = Wird angezeigt als
custom-status-ends-hint = Beim Setzen kann man ein anderes Ende wählen.
custom-status-delete-lead = Wer ihn gerade verwendet, behält ihn bis zu seinem Ende. Danach kann ihn niemand mehr wählen.
other-emoji = Anderes Emoji
other-emoji-hint = Ersetzt das gewählte. Auch Kürzel wie :palm_tree: sind möglich.
other-duration = Andere …
minutes = Minuten
fault-minutes = Geben Sie die Minuten ein, von 1 bis { $most }.
note-custom-status-saved = Der Status ist gespeichert.
note-custom-status-deleted = Der Status ist gelöscht.

## Administration: wall displays, and a wall

## Administration: settings
settings-lead = Änderungen gelten sofort, ohne Neustart.
settings-search = { $count } Einstellungen durchsuchen
settings-search-label = Einstellungen durchsuchen
settings-all = Alle
settings-changed = Geändert
settings-fixed = Festgelegt
settings-read-only = Sie können die Einstellungen sehen, aber nicht ändern.
settings-none = Keine Einstellung gefunden
settings-sign-in = Anmeldung und Sitzungen
settings-registration = Registrierung
settings-profiles = Profile
settings-passwords = Passwörter
settings-presence = Anwesenheit
settings-limits = Grenzen
settings-server = Server
setting-login-expiration = Tage, bis die Anmeldung abläuft
setting-two-factor = Anmeldung in zwei Schritten
setting-block-attempts = Fehlgeschlagene Anmeldungen bis zur Sperre
setting-registration = Wer sich registrieren kann
setting-domains = Erlaubte E-Mail-Domains
setting-invisible = Status „Unsichtbar“
setting-requires-connection = Offline ohne offene Verbindung
setting-max-connections = Höchstzahl offener Verbindungen
setting-password-least = Mindestlänge des Passworts
setting-site-name = Name des Servers
setting-site-url = Öffentliche Adresse
setting-empty = leer
setting-default = Standard:
setting-reset = Standard verwenden
setting-was = nicht gespeichert; jetzt:
setting-fixed-by = festgelegt durch
secret-set = Ein Geheimnis ist gesetzt. Es wird nie angezeigt.
secret-unset = Es ist kein Geheimnis gesetzt.
note-settings-saved = Die Einstellungen sind gespeichert.

## Administration: audit log

## Administration: storage and health

import type { FindingKind } from '../../../core/finding.ts';

/**
 * How a server can refuse a login.
 *
 * `fail` where something answered for the address and it was no: clients with the same address, certificates and
 * secret fare as we do. `unknown` only where nothing answered at all, for that may be the way and not the server.
 */
export const REFUSAL_FINDINGS = {
  'not-reachable': {
    severity: 'unknown',
    means: 'Nothing answered for the address: its name has no address, or packets to it went unanswered.',
    matters: 'The server may be down, or only the way to it from where Fettle runs; nobody knows which.',
    remedy: 'Look up the name and try the port from an application; then compare routes and security groups.',
    prevention: 'Watch the server from the network of its applications too, with an alarm of its own.',
  },
  refused: {
    severity: 'fail',
    means: 'The host answered that nobody listens on the port, again and again.',
    matters: 'The server is down or moved, and every application with this address fails now.',
    remedy: 'Look whether the server runs and on which port; its log says why it ended.',
    prevention: 'Let a supervisor restart the server, and alarm on each restart.',
  },
  silent: {
    severity: 'fail',
    means: 'The connection was taken and the login never answered.',
    matters: 'Checks of the port alone see a healthy server, while every new client waits until it gives up.',
    remedy: 'Look at load, memory and disks of the host; a full disk or a stopped process looks like this.',
    prevention: 'Check the health of the server by a login and not by its port, and alarm on its disk space.',
  },
  'hung-up': {
    severity: 'fail',
    means: 'The connection was taken and closed before the login was answered.',
    matters: 'A proxy without a server behind it, or a server that keeps crashing: no client gets in.',
    remedy: 'Look at the log of the server, and at the health of what the proxy or load balancer points to.',
    prevention: 'Let the load balancer check its servers by a login, and alarm when none is left.',
  },
  'not-postgres': {
    severity: 'fail',
    means: 'What answered does not speak the protocol of PostgreSQL.',
    matters: 'Another service has the address, so no client of the database gets in.',
    remedy: 'Compare host and port in the url of the target with those of the server.',
    prevention: 'Keep the address in one place, from which applications and this profile take it.',
  },
  'tls-not-offered': {
    severity: 'fail',
    means: 'The server does not offer TLS, and the target asks for it.',
    matters: 'Clients that ask for TLS fail, and the others send passwords and rows in clear text.',
    remedy: 'Switch ssl on at the server with a certificate, and reload it.',
    prevention: 'Allow only hostssl lines in pg_hba.conf, so that nobody gets used to clear text.',
  },
  'certificate-untrusted': {
    severity: 'fail',
    means: 'The certificate of the server leads to no authority that the target trusts.',
    matters: 'Clients that verify cannot connect, and those that do not verify would accept an impostor too.',
    remedy: 'Give the target the authority of the server as ca, or install the certificate with its intermediates.',
    prevention: 'Distribute a new authority to all clients before the server uses it.',
  },
  'certificate-expired': {
    severity: 'fail',
    means: 'The certificate of the server is outside of its validity.',
    matters: 'Every client that verifies is refused since then, all at the same moment.',
    remedy: 'Install a renewed certificate and reload the server; its running sessions stay.',
    prevention: 'Renew at two thirds of the lifetime by machine, with a reload at its end.',
  },
  'certificate-wrong-name': {
    severity: 'fail',
    means: 'The certificate is for another name than the address has.',
    matters: 'Clients that verify the name cannot connect, and it may be another server than the one that is meant.',
    remedy: 'Use the name of the certificate in the url, or issue a certificate for the name that clients use.',
    prevention: 'Issue certificates for the names that clients use, replicas and failover names included.',
  },
  'tls-failed': {
    severity: 'fail',
    means: 'The server offers TLS and the handshake failed.',
    matters: 'No client that asks for TLS 1.2 or later gets in.',
    remedy: 'Read the reason in the summary, and compare ssl_min_protocol_version, ciphers and client certificates.',
    prevention: 'Try a change of the TLS settings with psql and sslmode=verify-full before it is released.',
  },
  'password-refused': {
    severity: 'fail',
    means: 'The server refused the password of the role, or got none.',
    matters: 'Applications that share the secret are refused as well, and no task of Fettle sees into the database.',
    remedy: 'Compare the secret with the role: who changed which of them last; then set both to the same password.',
    prevention: 'Rotate passwords with two roles in turn, and test the new one by a login before the old one goes.',
  },
  'login-refused': {
    severity: 'fail',
    means: 'The server knows us and does not let us in: the role, the database or pg_hba.conf forbids it.',
    matters: 'No task of Fettle sees into the database, and applications with the same role are refused as well.',
    remedy: 'Do as the text of the server says: LOGIN, GRANT CONNECT, or a line in pg_hba.conf for this address.',
    prevention: 'Create roles and their rights by migrations that are tested with a login.',
  },
  'no-database': {
    severity: 'fail',
    means: 'The server has no database of the name in the url.',
    matters: 'Either the address is wrong, or the database was dropped or renamed, and its applications fail now.',
    remedy: 'List the databases with SELECT datname FROM pg_database; if it was dropped, start the restore runbook.',
    prevention: 'Let no role of an application own a database, for only its owner can drop it.',
  },
  'connections-full': {
    severity: 'fail',
    means: 'No connection is left for ordinary roles.',
    matters: 'Applications get "too many clients" for each new connection, and pools that restart stay empty.',
    remedy: 'See with the statement of this finding who holds them, and restart or end what leaks.',
    prevention: 'Put a pooler before the server, and give each application a pool whose sizes add up to less.',
  },
  'not-accepting': {
    severity: 'fail',
    means: 'The server runs and takes no logins: it is starting, stopping or recovering, for as long as was waited.',
    matters: 'No application gets in until it has finished; a recovery after a crash may take many minutes.',
    remedy: 'Read the log of the server for its progress, and do not kill it: it would begin again.',
    prevention: 'Lower checkpoint_timeout and max_wal_size, which set how long a recovery takes, and plan restarts.',
  },
} as const satisfies Record<string, FindingKind>;
export type RefusalKind = keyof typeof REFUSAL_FINDINGS;

/** What can be found of a server that lets us in. */
export const STATE_FINDINGS = {
  'logged-in': {
    severity: 'info',
    means: 'The login worked and the catalogue was read.',
    remedy: 'Nothing.',
  },
  pooler: {
    severity: 'info',
    means: 'Between us and the server stands a connection pooler, so the times are those of both.',
    remedy: 'Give the target the address of the server itself: the tasks that maintain it refuse a pooler.',
  },
  'came-back': {
    severity: 'warn',
    means: 'The first logins were refused and a later one worked.',
    matters: 'Applications were refused for that time too; a server that keeps restarting looks like this each time.',
    remedy: 'Look in the log of the server whether the restart was planned.',
    prevention: 'Announce restarts and do them within a window; alarm on those that nobody planned.',
  },
  'reads-fail': {
    severity: 'fail',
    means: 'The login worked, and reading the catalogue did not.',
    matters: 'Checks of the login alone see a healthy server, while the queries of applications hang or fail.',
    remedy: 'Look at the locks on system tables in pg_locks, and at the disks of the server.',
    prevention: 'Give upkeep that locks system tables a lock_timeout, and alarm on errors of the disks.',
  },
  'not-primary': {
    severity: 'fail',
    means: 'A standby answers where the primary is expected.',
    matters: 'Every write of an application with this address fails.',
    remedy: 'Find the primary and point the address to it; if it is lost, promote this one on purpose.',
    prevention: 'Let the address follow the failover, and let clients ask for target_session_attrs=read-write.',
  },
  'not-standby': {
    severity: 'warn',
    means: 'A primary answers where a standby is expected.',
    matters: 'If it was promoted while the old primary lives on, both take writes and their data part ways.',
    remedy: 'Find out who promoted it, and whether the old primary still takes writes; stop one of them at once.',
    prevention: 'Let one failover manager with fencing promote, and nobody by hand.',
  },
  'read-only': {
    severity: 'fail',
    means: 'The server or the database is set read-only for all roles.',
    matters: 'Every write of an application fails; some services set this when the disk is nearly full.',
    remedy:
      'Find out who set default_transaction_read_only and why, above all whether the disk is full; then reset it.',
    prevention: 'Alarm on disk space long before the service does, and set it for single roles only.',
  },
  'connections-near-limit': {
    severity: 'warn',
    means: 'Most of the connections that ordinary roles may have are taken.',
    matters: 'One more deployment or a slow query that holds its connections, and applications are refused.',
    remedy: 'See with the statement of this finding who holds them, and shrink pools that are mostly idle.',
    prevention: 'Put a pooler before the server instead of raising max_connections, which costs memory.',
  },
  'own-limit-reached': {
    severity: 'warn',
    means: 'A role or a database has as many sessions as its own CONNECTION LIMIT allows.',
    matters: 'Its next session is refused although the server has connections to spare.',
    remedy: 'See whether its sessions are in use; end those that leak, or raise its CONNECTION LIMIT.',
    prevention: 'Keep the size of the pools of all its processes together below the limit.',
  },
  'slow-answer': {
    severity: 'warn',
    means: 'Connecting or a round trip took longer than allowed.',
    matters: 'Requests that connect anew or ask many times become slow by this alone.',
    remedy:
      'Compare with earlier runs: load on the server, the distance, DNS, or a host that must be resolved backwards.',
    prevention: 'Run applications in the zone of the server and let them keep their connections.',
  },
  'not-encrypted': {
    severity: 'warn',
    means: 'The session crosses a network in clear text, because the url says sslmode=disable.',
    matters: 'Whoever can listen on the way reads rows, and can take over the session.',
    remedy: 'Use sslmode=verify-full, with the authority of the server as ca of the target.',
    prevention: 'Allow only hostssl lines in pg_hba.conf.',
  },
  'rights-missing': {
    severity: 'unknown',
    means: 'The role of Fettle may not read a view, or not see what the sessions of other roles do.',
    matters: 'How long transactions are open, and what fills the connections, is not known.',
    remedy: 'Run the statement of this finding as a superuser or as the administrator of the service.',
    prevention: 'Give the role of Fettle pg_monitor where it is created.',
  },
} as const satisfies Record<string, FindingKind>;
export type ConnectionKind = RefusalKind | keyof typeof STATE_FINDINGS;

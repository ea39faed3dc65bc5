import type { FindingKind } from '../../../core/finding.ts';

/** What can be found of logins and of the logs that tell of them. */
export const LOGIN_FINDINGS = {
  'success-after-failures': {
    severity: 'fail',
    means: 'An address failed to log in many times in a row and then got in.',
    matters: 'Somebody has probably guessed a password and is on the host now.',
    remedy:
      'Ask the owner of the account at once; unless it was them, lock the account, end its sessions, keep the logs, and start the runbook for security.',
    prevention: 'Turn PasswordAuthentication off in sshd_config and let people log in by key.',
  },
  'failed-logins': {
    severity: 'warn',
    means: 'More logins failed within the window than are usual for people who mistype.',
    matters: 'Passwords are being guessed, and a weak one will be found in the end.',
    remedy: 'Look whether few addresses or few accounts stand out, block those addresses, and see that none got in.',
    prevention:
      'Allow SSH from your own networks only, turn PasswordAuthentication off, and let fail2ban or sshguard block.',
  },
  burst: {
    severity: 'warn',
    means: 'Within one minute more logins failed than a person can type.',
    matters: 'A program is guessing passwords right then, and hundreds of guesses pass within the hour.',
    remedy: 'Look who was knocking in that minute, block it, and see that none of its attempts got in.',
    prevention: 'Limit new connections to SSH per address in the firewall, and lower MaxStartups in sshd_config.',
  },
  'persistent-address': {
    severity: 'warn',
    means: 'One address alone failed to log in more often than the limit allows.',
    matters: 'It goes on until it is blocked or succeeds; if it is your own, a job of yours does not work.',
    remedy: 'Find out whose address it is: mend the job with the old password if it is yours, block it if not.',
    prevention: 'Let fail2ban or sshguard block addresses, and give jobs keys of their own whose expiry is watched.',
  },
  'root-login': {
    severity: 'info',
    means: 'Somebody logged in as root directly, so the log does not say who.',
    remedy: 'See that each of these addresses is one of yours; better, set PermitRootLogin no and use sudo.',
  },
  'log-stopped': {
    severity: 'unknown',
    means: 'The log has had no new line for longer than a living host is silent.',
    matters: 'An attack would not be seen: no failures in a log that has stopped says nothing.',
    remedy:
      'See that rsyslog, journald or the CloudWatch agent runs on the host and its disk is not full, then write a line with logger -p auth.info test.',
    prevention:
      'Watch the age of the newest line of each log with an alarm of its own, and restart the log service after it fails.',
  },
  'window-not-covered': {
    severity: 'unknown',
    means: 'Not all of the window is in the logs that can be read.',
    matters: 'What happened in the part that is missing is not counted, however many attempts there were.',
    remedy:
      'Read the reason: let the user that runs Fettle into the group adm where permission is denied, and keep more turned-over files where the oldest line is too young.',
    prevention:
      'Keep turned-over logs for at least a week, compressed with gzip or zstd, and size limits wide enough for a day.',
  },
  'not-parsable': {
    severity: 'unknown',
    means: 'Many lines have no time that can be read, so it is not known whether they belong to the window.',
    matters: 'Failed logins among them are not counted.',
    remedy:
      'Look at the log: it needs syslog, RFC 3339 or JSON lines; leave files that are no logs out with the input files.',
    prevention: 'Let the log service write RFC 3339 times, which is the default of rsyslog since Debian 12.',
  },
  'future-lines': {
    severity: 'unknown',
    means: 'Lines are of a time that has not come yet, so the times of this log are not right.',
    matters: 'Attempts are counted in the wrong day or not at all.',
    remedy: 'Set the input timezone to that of the host, or mend the clock of the host with chronyc makestep.',
    prevention: 'Keep hosts at UTC and let chrony or systemd-timesyncd hold their clocks.',
  },
  'no-login-lines': {
    severity: 'unknown',
    means: 'The log is alive and none of its lines comes from a program that speaks of logins.',
    matters: 'This is probably another log, and failed logins go somewhere that nobody looks at.',
    remedy:
      'Point the target at the log that sshd, sudo and PAM write to, or say with the input pattern what a failure looks like.',
    prevention: 'Send the facilities auth and authpriv to a file of their own on every host.',
  },
} as const satisfies Record<string, FindingKind>;

export type LoginFindingKind = keyof typeof LOGIN_FINDINGS;

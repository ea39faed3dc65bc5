import type { FindingKind } from '../../../../core/finding.ts';

export const SECRET_FINDINGS = {
  'secret-found': {
    severity: 'fail',
    means: 'A file of the repository holds a credential, known by its shape.',
    matters: 'Everybody who has ever had a copy has it, and taking it out of the file takes it from nobody.',
    remedy:
      'Revoke the credential where it was issued, issue another one, keep that in a secret store, then mend the file.',
    prevention:
      'Let a hook before each commit look for credentials, and turn on push protection where the host has it.',
  },
  'possible-secret': {
    severity: 'warn',
    means:
      'A file of the repository holds what is likely a secret: by the name it is given, or without the other half that opens something.',
    matters: 'If it is one, everybody who has a copy of the repository can use it.',
    remedy: 'Look at the line: revoke what is a secret, and accept in the profile by its fingerprint what is none.',
    prevention: 'Read secrets from the environment or a secret store, also in tests.',
  },
  'not-searched': {
    severity: 'unknown',
    means: 'A part of the repository was not searched.',
    matters: 'What lies there may be a secret that nobody hears of.',
    remedy: 'Read the reason; make it readable, or name its folder under `leaveOut` in the profile on purpose.',
    prevention: 'Keep data, archives and what is enciphered out of the repository.',
  },
  'nothing-searched': {
    severity: 'unknown',
    means: 'The repository has no file of text that was searched.',
    matters: 'An empty folder, or an archive of something else, says nothing of the code.',
    remedy: 'Check the address of the target and `leaveOut` in the profile.',
    prevention: 'Let what makes the archive fail where there is nothing to put into it.',
  },
  'too-many-secrets': {
    severity: 'unknown',
    means: 'There are more likely secrets than are looked at one by one.',
    matters: 'Real ones may be among those that are not listed.',
    remedy: 'Mend the ones that are listed, or name folders of generated files under `leaveOut` in the profile.',
    prevention: 'Keep generated files out of the repository.',
  },
  'archive-too-old': {
    severity: 'unknown',
    means: 'The archive of the repository is older than is allowed, or it is dated in the future.',
    matters: 'What has been committed since then was searched by nobody.',
    remedy: 'Make the archive anew and find out why that has stopped.',
    prevention: 'Let the archive be made on a schedule, and let its failure be an alarm.',
  },
  'acceptance-over': {
    severity: 'warn',
    means: 'The time is over until which somebody accepted what looks like a secret, and it is still there.',
    matters: 'What was to be looked at again by now is looked at by nobody.',
    remedy: 'Ask the owner: take it out, or accept it anew with a new date and a reason that still holds.',
    prevention: 'Put the date into the calendar of the owner.',
  },
  'acceptance-matches-nothing': {
    severity: 'fail',
    means: 'The profile accepts a fingerprint that no file has.',
    matters:
      'One that is written wrong accepts nothing today, and what was taken out would be accepted when it comes back.',
    remedy: 'Take the entry out of the profile, or correct its fingerprint.',
    prevention: 'Copy the fingerprint from the report, and take the entry out with the change that removes the secret.',
  },
} as const satisfies Record<string, FindingKind>;

export type SecretKind = keyof typeof SECRET_FINDINGS;

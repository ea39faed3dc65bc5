import type { FindingKind } from '../../../../core/finding.ts';

export const SECURITY_FINDINGS = {
  'root-access-key': {
    severity: 'fail',
    means: 'The root user of the account has an access key.',
    matters: 'Who has this key can do everything in the account, and no policy can stop them.',
    remedy: 'Log in as the root user, find out what uses the key, give that a role, and delete the key.',
    prevention: 'Never make keys for the root user; let roles do what needs rights.',
  },
  'root-without-mfa': {
    severity: 'fail',
    means: 'The root user of the account logs in with a password alone.',
    matters: 'One stolen or reset password is the whole account.',
    remedy: 'Log in as the root user and register two hardware or virtual devices for MFA.',
    prevention: 'Let the organisation manage root access of member accounts, so that they have no root password.',
  },
  'console-without-mfa': {
    severity: 'fail',
    means: 'A user can log in to the console with a password alone.',
    matters: 'A password that leaks anywhere lets a stranger in with all rights of this user.',
    remedy: 'Have the user register a device, or take the password away with `aws iam delete-login-profile`.',
    prevention: 'Let people log in through IAM Identity Center, and deny what is done without MFA by policy.',
  },
  'unused-credentials': {
    severity: 'warn',
    means: 'A password or an active access key of a user was not used for longer than the limit, or never.',
    matters: 'Nobody would miss it if it were stolen, and nobody would notice its use.',
    remedy: 'Ask its owner, then set the key inactive and delete it two weeks later; take an unused password away.',
    prevention: 'Give machines roles instead of keys, and take the rights of people with their last day.',
  },
  'old-key': {
    severity: 'warn',
    means: 'An access key that is in use is older than the limit.',
    matters: 'The longer a key lives, the more places have a copy of it.',
    remedy:
      'Make a second key, move what uses the old one, set the old one inactive, and delete it when nothing broke.',
    prevention: 'Give machines roles instead of keys: their keys last hours.',
  },
  'unused-access': {
    severity: 'info',
    means: 'A user or a role may use services and used none of them within the limit.',
    remedy: 'Read its services in the report, and take the rights away or delete it.',
  },
  'open-to-world': {
    severity: 'fail',
    means: 'A security group lets every address of the Internet in to ports that are not meant for the world.',
    matters: 'Scanners try such a door within minutes; one weak password or one unpatched flaw behind it is enough.',
    remedy: 'Check who comes in by it in the flow logs, then revoke the rule with the command of this finding.',
    prevention:
      'Let people in through Session Manager, services by security group, and have changes of groups reviewed.',
  },
  'open-but-unused': {
    severity: 'warn',
    means: 'A security group would let the world in, and it is on nothing now.',
    matters: 'The next machine that gets this group is open from its first second.',
    remedy: 'Delete the group, or revoke the rule with the command of this finding.',
    prevention: 'Delete groups with the machines that they were made for.',
  },
  'public-bucket': {
    severity: 'fail',
    means: 'The world can read or write a bucket, and nothing above the bucket stops it.',
    matters: 'Whatever is put into it is public at once, and strangers find such buckets by guessing names.',
    remedy: 'Look what is in it; unless it is meant for the world, block it with the command of this finding.',
    prevention: 'Block public access for the whole account, and serve what is public through CloudFront.',
  },
  'public-share': {
    severity: 'fail',
    means: 'Every AWS account can copy a snapshot or an image of this account.',
    matters: 'Who copies it has all data and secrets on its disk for ever, and nobody sees that it was copied.',
    remedy: 'Take the share back with the command of this finding, and rotate every secret that was on the disk.',
    prevention: 'Block public access to snapshots and to images in every region, and encrypt disks by default.',
  },
  'severe-vulnerability': {
    severity: 'fail',
    means: 'Software of an image or a machine has a known flaw that is rated critical or high.',
    matters: 'For such flaws there are ready-made attacks, often within days.',
    remedy: 'Build the image or patch the machine with the fixed version that the finding names, and roll it out.',
    prevention: 'Rebuild images each week on a fresh base, and scan them before they are rolled out.',
  },
  vulnerability: {
    severity: 'warn',
    means: 'Software of an image or a machine has a known flaw that is rated medium, or that nobody has rated yet.',
    matters: 'Alone it seldom is enough for an attack; together with another flaw it may be.',
    remedy: 'Take the fixed version with the next regular update.',
    prevention: 'Keep dependencies and base images current by an automatic update that is tested.',
  },
  'missing-patches': {
    severity: 'warn',
    means: 'A machine misses patches, has patches that failed, or waits for the reboot that puts them in force.',
    matters: 'What the patches mend can be attacked on this machine for as long as they wait.',
    remedy: 'Patch the machine in its next window, and reboot it where it waits for that.',
    prevention: 'Patch weekly by Patch Manager, and let instances be replaced rather than grow old.',
  },
  'threat-seen': {
    severity: 'fail',
    means: 'GuardDuty, or another watcher that Security Hub listens to, saw an attack or its traces, rated high.',
    matters: 'Somebody may be inside, and each hour gives them more of it.',
    remedy: 'Start the runbook for security incidents: keep evidence, isolate what is named, rotate its credentials.',
    prevention: 'Close the door by which it came, once the evidence says which one that was.',
  },
  'suspicion-seen': {
    severity: 'warn',
    means: 'GuardDuty, or another watcher that Security Hub listens to, saw something unusual, rated medium or low.',
    matters: 'It may be a scanner that found nothing, or the first step of an attack.',
    remedy: 'Look at what it names and at whom it names; archive it in GuardDuty with a note if it is harmless.',
    prevention: 'Keep addresses of your own scanners and offices in the trusted list of GuardDuty.',
  },
  'severe-control-failed': {
    severity: 'fail',
    means: 'A control of Security Hub, or a finding that another product sent to it, is rated critical or high.',
    matters: 'What the control guards against is possible now; its page in Security Hub says what that is.',
    remedy: 'Open the control in Security Hub, follow its steps, and wait for its next look.',
    prevention:
      'Write the setting into the template that makes the thing, so that the next one is right from the start.',
  },
  'control-failed': {
    severity: 'warn',
    means: 'A control of Security Hub, or a finding that another product sent to it, is rated medium or not at all.',
    matters: 'It weakens the account without opening it by itself.',
    remedy: 'Follow the steps of the control in Security Hub, or accept it in the profile with a reason and a date.',
    prevention: 'Disable controls that do not apply to you in Security Hub itself, each with its reason.',
  },
  'not-enabled': {
    severity: 'unknown',
    means: 'A service that this audit asks is not on, or looks for nothing.',
    matters: 'Its silence would read as health, and nobody is looking.',
    remedy:
      'Turn it on, with the command of this finding where there is one, or leave it out of `services` on purpose.',
    prevention: 'Turn it on for all accounts and regions from the organisation.',
  },
  'not-known': {
    severity: 'unknown',
    means: 'Something was found of which too little is known to judge it.',
    matters: 'It may be the worst thing of the account, and this audit does not see it.',
    remedy: 'Read the reason, have it scanned or looked at, and run the audit again.',
    prevention: 'Scan images when they are pushed, and let every machine have the agent of SSM from its image.',
  },
  'part-not-readable': {
    severity: 'unknown',
    means: 'A part of the account could not be read; the other parts were audited.',
    matters: 'What is wrong in this part stays unseen, and nothing of it counts as fixed.',
    remedy: 'Give the role of the function the action that the summary names, or wait where AWS itself failed.',
    prevention: 'Deploy the stack of Fettle after each change of the profile, and let `fettle doctor` look.',
  },
  'acceptance-expired': {
    severity: 'warn',
    means: 'A flaw was accepted until a day that is over, and it is still there.',
    matters: 'What was to be lived with for a while is lived with for good.',
    remedy: 'Mend the flaw, or have its owner decide anew with a date and a reason.',
    prevention: 'Plan the work when a flaw is accepted, and not when its date has come.',
  },
  'acceptance-exceeded': {
    severity: 'warn',
    means: 'A flaw that was accepted has become worse than it was then.',
    matters: 'Nobody has decided to live with what it is now.',
    remedy: 'Look what changed; mend it, or accept it anew with another date.',
    prevention: 'Accept the narrowest thing that will do, and never a whole topic.',
  },
  'acceptance-unmatched': {
    severity: 'fail',
    means: 'An acceptance in the profile is about no flaw that exists.',
    matters:
      'The flaw is mended or was misspelt; in the second case it is not accepted, and in the first the next one like it would be.',
    remedy: 'Take the acceptance out of the profile, or write the id as the report has it.',
    prevention: 'Copy ids from the report, and take an acceptance out with the change that mends its flaw.',
  },
} as const satisfies Record<string, FindingKind>;

export type SecurityKind = keyof typeof SECURITY_FINDINGS;

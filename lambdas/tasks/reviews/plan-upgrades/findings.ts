import type { FindingKind } from '../../../../core/finding.ts';

export const UPGRADE_FINDINGS = {
  'upgrade-due': {
    severity: 'warn',
    means: 'A newer version is there that this can be upgraded to.',
    matters:
      'Faults and weaknesses that the newer version mends stay open, and each version left out makes the way longer.',
    remedy: 'Read its hops in the plan, have the plan approved, and make the change in the week that it names.',
    prevention: 'Approve and carry out the plan of each quarter.',
  },
  'support-ending': {
    severity: 'warn',
    means: 'The vendor stops to support this version in the coming months.',
    matters:
      'After that day no faults are mended, or it costs more each month, or the vendor upgrades it at a time of its own.',
    remedy: 'Carry out its hops of the plan before the date that the summary names.',
    prevention: 'Read the dates in the plan of each quarter and upgrade in the quarter before.',
  },
  'support-ending-soon': {
    severity: 'fail',
    means: 'The support of this version ends within days, or has ended.',
    matters:
      'From that day on nothing is mended, or it costs more each month, or the vendor upgrades it at a time of its own.',
    remedy: 'Carry out its hops of the plan now, outside of the usual weeks if need be.',
    prevention: 'Act on the warning that comes months before.',
  },
  'extended-support-paid': {
    severity: 'warn',
    means: 'This version is past its standard support, and extended support is charged for it.',
    matters: 'The charge comes each month, rises with the years, and ends in an upgrade that the vendor forces.',
    remedy: 'Carry out its hops of the plan; the charge ends with the upgrade.',
    prevention: 'Upgrade before standard support ends, or switch extended support off on purpose.',
  },
  'forced-maintenance': {
    severity: 'warn',
    means: 'The vendor carries out maintenance on this by itself on a day that is near.',
    matters:
      'It happens in the maintenance window of that day, whether anybody is ready or not, and may restart the database.',
    remedy: 'Take it in the week that the plan has booked for it, with the command.',
    prevention: 'Look at pending maintenance in each plan and take it in a window of your own.',
  },
  'service-update-due': {
    severity: 'warn',
    means: 'A service update of a cache is not applied, and the day by which the vendor recommends it is near or past.',
    matters: 'Most of these updates close weaknesses, which stay open until then.',
    remedy: 'Apply the update in a quiet hour, with the command.',
    prevention: 'Apply service updates in the maintenance of each month.',
  },
  'certificate-authority-expiring': {
    severity: 'warn',
    means: 'The certificate authority that signed the certificate of this database expires in the coming months.',
    matters: 'On that day every client that verifies the certificate refuses to connect.',
    remedy: 'Give the clients the new bundle of authorities first, then change the authority with the command.',
    prevention: 'Choose an authority with a long life, whose certificates the vendor renews by itself.',
  },
  'certificate-authority-urgent': {
    severity: 'fail',
    means: 'The certificate authority of this database expires within days, or has expired.',
    matters: 'Every client that verifies the certificate refuses to connect from that day on.',
    remedy: 'Give the clients the new bundle of authorities today, then change the authority with the command.',
    prevention: 'Act on the warning that comes months before.',
  },
  'image-gone': {
    severity: 'warn',
    means: 'Instances run an image that is deregistered, disabled or no longer shared with this account.',
    matters: 'They run on, and nobody can start another one like them or say what is in them.',
    remedy: 'Find the image that follows it, and replace the instances before one of them fails.',
    prevention: 'Deregister an image only when no instance and no launch template names it.',
  },
  'template-without-image': {
    severity: 'fail',
    means: 'A launch template names an image that is deregistered, disabled or no longer shared with this account.',
    matters: 'Nothing can be started from it: autoscaling and the replacement of a failed machine fail at once.',
    remedy: 'Make a new version of the launch template with an image that is there.',
    prevention: 'Let the template name an SSM parameter instead of an image.',
  },
  'image-deprecated': {
    severity: 'warn',
    means: 'Its owner has declared an image deprecated that instances or launch templates use.',
    matters: 'It gets no patches any more, and its owner may deregister it without a further word.',
    remedy: 'Move to the image that the plan names, in the week that it names.',
    prevention: 'Let launch templates name the SSM parameter of the newest image, and renew instances each month.',
  },
  'api-still-called': {
    severity: 'warn',
    means: 'Something still calls a Kubernetes API that a later version no longer serves.',
    matters: 'After the upgrade these calls fail, and with them whatever makes them.',
    remedy: 'Move the clients that the summary names to the replacement before the control plane is upgraded.',
    prevention: 'Refuse manifests with deprecated APIs before they are applied.',
  },
  'insight-failing': {
    severity: 'warn',
    means: 'EKS itself sees something that stands in the way of the upgrade of this cluster.',
    matters: 'The upgrade is refused, or leaves the cluster with parts that do not fit together.',
    remedy: 'Read the reason in the summary and mend it before the control plane is upgraded.',
    prevention: 'Look at the upgrade insights of EKS after each change of add-ons and node groups.',
  },
  'insight-lagging': {
    severity: 'info',
    means: 'An upgrade insight is still red although the deprecated API was not called for days.',
    remedy:
      'Nothing: EKS counts the calls of 30 days, and the summary names the day from which the insight can be green.',
  },
  'rollback-open': {
    severity: 'info',
    means: 'The control plane of this cluster was upgraded within the last 7 days and can still be rolled back.',
    remedy: 'Decide before the day that the summary names, and leave the node groups as they are until then.',
  },
  'hop-too-late': {
    severity: 'warn',
    means: 'In the order that is safe, this change comes after the day on which the vendor acts.',
    matters: 'The vendor forces the upgrade, or charges for waiting, before the plan comes to it.',
    remedy: 'Begin the plan earlier, or approve this change by itself ahead of the others.',
    prevention: 'Plan in each quarter what ends in the next one.',
  },
  'plan-not-followed': {
    severity: 'info',
    means: 'The week for which the last plan had this change is over, and it is not done.',
    remedy: 'Read in the plan for which week it stands now, or say why it is left out.',
  },
  'not-known': {
    severity: 'unknown',
    means: 'What is known of this is not enough to say whether it is up to date.',
    matters: 'It may be old or without support, and nobody would hear of it from this plan.',
    remedy: 'Read the reason, and give the plan what it lacks: a tag, a date or a parameter in its input.',
    prevention: 'Let everything come from an image, an engine or a runtime whose dates somebody keeps.',
  },
  'part-not-readable': {
    severity: 'unknown',
    means: 'A part of the account could not be read; the other parts are planned.',
    matters: 'Nothing of this part is in the plan, so what runs out there stays unseen.',
    remedy: 'Give the role of the function the action that the summary names, or wait where AWS itself failed.',
    prevention: 'Deploy the stack of Fettle after each change of the profile, and let `fettle doctor` look.',
  },
  'nothing-found': {
    severity: 'unknown',
    means: 'The account has nothing in this region that could be upgraded, as far as it lets itself be read.',
    matters: 'A plan of the wrong account or region says nothing of yours.',
    remedy: 'Check the region of the target and the tag in the profile.',
    prevention: 'Take the plan out of the profile where there is nothing to upgrade.',
  },
} as const satisfies Record<string, FindingKind>;

export type UpgradeKind = keyof typeof UPGRADE_FINDINGS;

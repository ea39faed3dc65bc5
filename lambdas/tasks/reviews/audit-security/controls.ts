import type { Topic } from './flaw.ts';

/**
 * Controls of Security Hub that say of the same thing what this audit reads itself, or what a person mends by the same
 * change; as of 2026-11, from the list of controls in the user guide of Security Hub. All others stay controls.
 */
const TOPIC_OF_CONTROL: Readonly<Record<string, Topic>> = {
  'IAM.3': 'old-key',
  'IAM.4': 'root-access-key',
  'IAM.5': 'console-without-mfa',
  'IAM.8': 'unused-credentials',
  'IAM.9': 'root-without-mfa',
  'IAM.22': 'unused-credentials',
  'EC2.1': 'public-snapshot',
  'EC2.13': 'open-to-world',
  'EC2.14': 'open-to-world',
  'EC2.18': 'open-to-world',
  'EC2.19': 'open-to-world',
  'EC2.53': 'open-to-world',
  'EC2.54': 'open-to-world',
  'S3.2': 'public-bucket',
  'S3.3': 'public-bucket',
};

export function topicOfControl(control: string): Topic {
  return TOPIC_OF_CONTROL[control] ?? 'control';
}

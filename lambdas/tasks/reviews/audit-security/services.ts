/** The services that a customer may have or not. */
export const SERVICES = ['security-hub', 'guardduty', 'inspector', 'ecr', 'ssm'] as const;
export type Service = (typeof SERVICES)[number];

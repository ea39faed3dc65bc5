/** The sorts of changes that a plan may have. */
export const HOP_KINDS = [
  'add-on',
  'control-plane',
  'node-group',
  'database-minor',
  'database-major',
  'database-maintenance',
  'certificate-authority',
  'cache-minor',
  'cache-major',
  'cache-update',
  'image',
  'runtime',
] as const;
export type HopKind = (typeof HOP_KINDS)[number];

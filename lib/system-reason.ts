const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'your user may not',
  EEXIST: 'a file stands in the way',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links go round in a circle',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'it is not there',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is no folder',
  EPERM: 'your user may not',
  EROFS: 'the disk is read-only',
};

/** What the operating system means by refusing a file, in words; undefined where there are none for it. */
export function systemReason(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  const code = String(thrown.code);
  return Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
}

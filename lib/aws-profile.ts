/**
 * Lets every AWS client of this process, and of those that it starts, use a profile of the AWS configuration.
 *
 * What was asked for by name is meant, so the keys that stand in the environment itself are left aside.
 */
export function useAwsProfile(name: string | undefined): void {
  if (name === undefined) return;
  delete process.env['AWS_ACCESS_KEY_ID'];
  delete process.env['AWS_SECRET_ACCESS_KEY'];
  delete process.env['AWS_SESSION_TOKEN'];
  process.env['AWS_PROFILE'] = name;
}

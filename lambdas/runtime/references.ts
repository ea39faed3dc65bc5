import { readFile } from 'node:fs/promises';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { messageOf, Unavailable } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { isReference, TARGET_KINDS, type Target, type TargetKind } from '../../core/target-kinds.ts';
import { awsClientSettings } from './aws-client.ts';

let secretsManager: SecretsManagerClient | undefined;

/** Resolves one address: a reference to what it refers to, an address to itself. Throws `Unavailable` with the reference's name. */
export async function resolveAddress(text: string): Promise<Secret> {
  if (!isReference(text)) return new Secret(text);
  const name = text.slice(text.indexOf(':') + 1);
  if (text.startsWith('env:')) return fromEnvironment(name);
  if (text.startsWith('file:')) return fromFile(name);
  return fromSecretsManager(name);
}

/** A target of the profile with all of its addresses resolved. */
export async function resolveTarget<Kind extends TargetKind>(
  kind: Kind,
  name: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<Target<Kind>> {
  const addresses: readonly string[] = TARGET_KINDS[kind].addresses;
  const resolved: Record<string, unknown> = { ...settings, name };
  for (const field of addresses) {
    const value = settings[field];
    if (typeof value === 'string') resolved[field] = await resolveAddress(value);
  }
  return resolved as Target<Kind>;
}

/** The credentials of this process itself: a server may repeat them in its answer. */
export function ownCredentials(): Secret[] {
  return ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'].flatMap((name) => {
    const value = process.env[name];
    return value ? [new Secret(value)] : [];
  });
}

function fromEnvironment(name: string): Secret {
  const value = process.env[name];
  if (!value) throw new Unavailable(`the environment variable ${name} is not set`);
  return new Secret(value);
}

async function fromFile(path: string): Promise<Secret> {
  try {
    return new Secret((await readFile(path, 'utf8')).trim());
  } catch (cause) {
    throw new Unavailable(`the file ${path} cannot be read: ${messageOf(cause)}`);
  }
}

/** `secret:<name>` is the whole secret, `secret:<name>#<key>` one key of a JSON secret. */
async function fromSecretsManager(reference: string): Promise<Secret> {
  const [name = '', key] = reference.split('#');
  secretsManager ??= new SecretsManagerClient(awsClientSettings());
  const text = await secretText(secretsManager, name);
  if (key === undefined) return new Secret(connectionString(text) ?? text);
  const value = asObject(text)?.[key];
  if (typeof value !== 'string') throw new Unavailable(`the secret ${name} has no text at ${key}`);
  return new Secret(value);
}

async function secretText(client: SecretsManagerClient, name: string): Promise<string> {
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    if (SecretString) return SecretString;
  } catch (cause) {
    // The permission is named because AccessDenied is what a new platform meets first.
    throw new Unavailable(`the secret ${name} cannot be read (secretsmanager:GetSecretValue): ${messageOf(cause)}`);
  }
  throw new Unavailable(`the secret ${name} has no text`);
}

/** The connection string of the JSON that RDS keeps in a managed secret; undefined where it is something else. */
function connectionString(text: string): string | undefined {
  const { engine, username, password, host, port, dbname } = asObject(text) ?? {};
  if (typeof host !== 'string' || typeof username !== 'string' || typeof password !== 'string') return undefined;
  if (typeof engine !== 'string' || !engine.includes('postgres')) return undefined;
  const user = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
  return `postgres://${user}@${host}:${String(port ?? 5432)}/${encodeURIComponent(String(dbname ?? 'postgres'))}`;
}

function asObject(text: string): Record<string, unknown> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed !== null && typeof parsed === 'object' ? (parsed as Record<string, unknown>) : undefined;
  } catch (notJson) {
    if (notJson instanceof SyntaxError) return undefined;
    throw notJson;
  }
}

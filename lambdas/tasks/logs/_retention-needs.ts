import { access, constants, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { folderGrant, isRefusal, ownUser } from '../../runtime/folder-grant.ts';
import { leaseProgram } from './_lease.ts';
import { walkLogs, type LogFile } from './_log-files.ts';
import { codeOf, inFolder, openFile, openRoot, writeRefusal, type LogFolder } from './_log-folder.ts';
import { shownPath, type ByteName } from './_log-name.ts';
import { BE_LISTED, folderRefused, READ_EVERY_FILE, type Seen } from './_needs.ts';
import { openOpennessJudge } from './_openness.ts';

interface Options {
  readonly exempt: readonly string[];
  readonly signal: AbortSignal;
}

// More would take longer than anybody waits for an answer, and what holds of these holds of the rest.
const MOST_ENTRIES = 100_000;
const MOST_TRIED = 2_000;
const STICKY = 0o1000n;

/** What the retention of a folder of logs needs of it and of this machine; nothing is written or renamed. */
export async function retentionNeeds(folder: string, options: Options): Promise<Seen[]> {
  if (process.platform !== 'linux') {
    const detail = `who holds a file open is known on Linux only, and this machine runs ${process.platform}`;
    return [{ need: 'lie on Linux', state: 'missing', detail }];
  }
  const linux: Seen = { need: 'lie on Linux', state: 'met', detail: `Linux ${release()}` };
  let root: LogFolder;
  try {
    root = await openRoot(folder);
  } catch (thrown) {
    return [linux, await folderRefused(folder, thrown)];
  }
  try {
    const tree = await walk(root, options);
    return [
      linux,
      {
        need: BE_LISTED,
        state: 'met',
        detail: `${shownPath(root.path)} as ${ownUser()}: ${tree.files} log${tree.files === 1 ? '' : 's'}`,
      },
      await filesSeen(root, tree),
      await namesSeen(root, tree),
      await ownersSeen(tree),
      await witnessSeen(root, options.signal),
    ];
  } finally {
    await root.handle.close();
  }
}

interface Tree {
  files: number;
  /** Folders that hold logs, each by the first of them. */
  readonly folders: Map<string, LogFile>;
  readonly tried: LogFile[];
  readonly refused: { readonly path: ByteName; readonly reason: string }[];
  readonly owners: Map<number, number>;
}

async function walk(root: LogFolder, { exempt, signal }: Options): Promise<Tree> {
  const tree: Tree = { files: 0, folders: new Map(), tried: [], refused: [], owners: new Map() };
  for await (const walked of walkLogs(root, { exempt, signal, mostEntries: MOST_ENTRIES })) {
    if (walked.what === 'unreadable') tree.refused.push(walked);
    if (walked.what !== 'log') continue;
    const { file } = walked;
    tree.files += 1;
    const folder = file.folder.join('/');
    const known = tree.folders.get(folder);
    // In a folder where only the owner may rename, a file of somebody else tells more than one's own.
    if (!known || Number(known.uid) === process.geteuid?.()) tree.folders.set(folder, file);
    if (tree.tried.length < MOST_TRIED) tree.tried.push(file);
    tree.owners.set(Number(file.uid), (tree.owners.get(Number(file.uid)) ?? 0) + 1);
  }
  return tree;
}

async function filesSeen(root: LogFolder, { tried, refused }: Tree): Promise<Seen> {
  const need = READ_EVERY_FILE;
  const closed = [...refused];
  for (const file of tried) {
    const path = [root.path, ...file.folder, file.name].join('/');
    const reason = await inFolder(root, file.folder, (folder) => readRefusal(folder, file.name));
    if (reason !== undefined) closed.push({ path, reason });
  }
  const [first] = closed;
  if (!first) return { need, state: 'met', detail: `${tried.length} of ${tried.length} that were tried can be opened` };
  const grant = await grantFor(root, first.path, 'read');
  const detail = `${closed.length} files or folders cannot be opened, such as ${shownPath(first.path)}: ${first.reason}`;
  return { need, state: 'missing', detail, ...(grant !== undefined && { grant }) };
}

async function readRefusal(folder: LogFolder, name: ByteName): Promise<string | undefined> {
  try {
    await (await openFile(folder, name)).close();
    return undefined;
  } catch (thrown) {
    if (isRefusal(thrown)) return 'permission denied';
    // Gone since it was listed, or a link by now.
    if (codeOf(thrown) !== undefined) return undefined;
    throw thrown;
  }
}

/** Names are changed in a folder, so the rights of the folder count and not those of the file. */
async function namesSeen(root: LogFolder, { folders }: Tree): Promise<Seen> {
  const need = 'be written';
  for (const [name, file] of folders.size === 0 ? [['', undefined] as const] : folders) {
    const path = name === '' ? root.path : `${root.path}/${name}`;
    const refusal = await inFolder(root, file?.folder ?? [], (folder) => whyNotWritten(folder, file));
    if (refusal === undefined) continue;
    const detail = `no file may be renamed in ${shownPath(path)}: ${refusal}`;
    const grant = refusal === 'permission denied' ? await grantFor(root, path, 'write') : undefined;
    return { need, state: 'missing', detail, ...(grant !== undefined && { grant }) };
  }
  return { need, state: 'met', detail: `files may be renamed in ${Math.max(1, folders.size)} folders` };
}

async function whyNotWritten(folder: LogFolder, file: LogFile | undefined): Promise<string | undefined> {
  const code = await writeRefusal(folder);
  if (code === 'EROFS') return 'its file system is mounted read-only';
  if (code !== undefined) return code === 'EACCES' ? 'permission denied' : 'it is marked as not to be changed';
  const { mode, uid } = await folder.handle.stat({ bigint: true });
  const own = BigInt(process.geteuid?.() ?? 0);
  const isForeign = file !== undefined && own !== 0n && uid !== own && file.uid !== own;
  if (!isForeign || (mode & STICKY) === 0n) return undefined;
  return 'it is sticky (chmod +t), so only the owner of a file may rename it';
}

/** The kernel gives a lease, and a copy its owner, only to the owner of a file or to root. */
async function ownersSeen({ owners, files }: Tree): Promise<Seen> {
  const need = 'belong to the user of Fettle';
  const own = process.geteuid?.() ?? 0;
  const foreign = files - (owners.get(own) ?? 0);
  if (own === 0) return { need, state: 'met', detail: 'Fettle runs as root, which may act for every owner' };
  if (foreign === 0) return { need, state: 'met', detail: `${files} of ${files} are of ${ownUser()}` };
  const names = await userNames([...owners.keys()].filter((uid) => uid !== own));
  const detail = `${foreign} of ${files} are of ${names.join(', ')} and Fettle runs as ${ownUser()}: it can neither prove that nobody has them open nor give their owner to a compressed copy; run it as ${names.length === 1 ? names.join('') : 'root'}`;
  return { need, state: 'missing', detail };
}

async function userNames(uids: readonly number[]): Promise<string[]> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  return uids.map((uid) => lines.find(([, , number]) => number === String(uid))?.[0] ?? `user ${uid}`);
}

/** Whether it can be proven that nobody has a file open: by a lease, or by looking into every process. */
async function witnessSeen(root: LogFolder, signal: AbortSignal): Promise<Seen> {
  const need = 'show whether a file is open';
  const { shared, blindness } = await openOpennessJudge(root, signal);
  if (shared.length > 0) return { need, state: 'missing', detail: shared.join('; ') };
  const program = await leaseProgram();
  if (program !== undefined) return { need, state: 'met', detail: `${program} asks the kernel` };
  const without = 'neither perl nor python3 works here';
  if (blindness.length === 0) return { need, state: 'met', detail: `${without}, and every process can be looked into` };
  const grant = await installCommand();
  const detail = `${without}, and ${blindness.join('; ')}`;
  return { need, state: 'missing', detail, ...(grant !== undefined && { grant }) };
}

const INSTALLERS = [
  ['/usr/bin/apt-get', 'apt-get install --yes perl-base'],
  ['/usr/bin/dnf', 'dnf install --assumeyes perl-interpreter perl-Errno'],
  ['/sbin/apk', 'apk add perl'],
  ['/usr/bin/zypper', 'zypper --non-interactive install perl-base'],
] as const;

async function installCommand(): Promise<string | undefined> {
  for (const [program, command] of INSTALLERS) {
    try {
      await access(program, constants.X_OK);
      return command;
    } catch (thrown) {
      if (codeOf(thrown) === undefined) throw thrown;
    }
  }
  return undefined;
}

/** A path that is no text has no command. */
async function grantFor(root: LogFolder, path: ByteName, right: 'read' | 'write'): Promise<string | undefined> {
  const [folder, refused] = [root.path, path].map((name) => Buffer.from(name, 'latin1').toString('utf8'));
  if (folder === undefined || refused === undefined || refused.includes('\ufffd')) return undefined;
  return folderGrant({ folder: right === 'write' ? refused : folder, path: refused.replace(/\/$/, ''), right });
}

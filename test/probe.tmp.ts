import { directorySource } from '../lambdas/tasks/backups/_directory.ts';
import { catalogue } from '../lambdas/tasks/backups/_catalogue.ts';
import { readBackup } from '../lambdas/tasks/backups/_read-backup.ts';
const s=directorySource(process.argv[2]!, new AbortController().signal);
for (const b of catalogue(await s.list(), {match:'*',timezone:'UTC'})) { const r=await readBackup(s,b,new AbortController().signal); console.log(b.name, r.flaw ?? JSON.stringify({...r.contents, objects: r.contents?.objects?.length})); }

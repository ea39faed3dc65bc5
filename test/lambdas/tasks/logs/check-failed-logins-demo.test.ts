import { afterAll, expect, test } from '@jest/globals';
import { authLogFindings, writeDemoAuthLog, type PlantedAuthLog } from '../../../../lib/demo/auth-log.ts';
import { check, folderWith, NOW, removeFolders } from './failed-logins-folder.ts';

afterAll(removeFolders);

test.each<PlantedAuthLog>(['break-in', 'stopped', 'nothing'])(
  'the log of the demo with %s planted gives exactly that',
  async (planted) => {
    const folder = await folderWith({});
    await writeDemoAuthLog(folder, NOW, { planted });

    const { findings } = await check(folder);

    const words = findings.map(({ kind, target, subject = '' }) =>
      `logs-check-failed-logins ${kind} ${target} ${subject}`.trim(),
    );
    expect(words).toEqual(authLogFindings(planted, 'auth'));
  },
);

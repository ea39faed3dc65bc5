import { join } from 'node:path';
import { keepFilesLive } from '../live-files.ts';
import type { DemoPart, PartOptions } from '../part.ts';
import { PLANTED_SERVICES, PLANTED_WARMINGS, startDemoServices } from '../services.ts';
import { createAuthority, issue, lifetime, startTlsServer } from '../servers/tls.ts';

/**
 * Endpoints of one authority: a healthy one, one whose renewal was forgotten, one with another's certificate; and
 * services behind good certificates, of which some are sick although they answer 200.
 */
export async function startEndpoints({ folder, now, say }: PartOptions): Promise<DemoPart> {
  const authority = await createAuthority({ name: 'Demo authority' });
  const certificates = {
    website: await issue({ authority, names: ['localhost'], ...lifetime(90, { leftDays: 60, now }) }),
    api: await issue({ authority, names: ['localhost'], ...lifetime(90, { leftDays: 4, now }) }),
    tickets: await issue({ authority, names: ['shop.example.org'], ...lifetime(90, { leftDays: 60, now }) }),
  };
  const stops: (() => Promise<void>)[] = [];
  const urls: Record<string, string> = {};
  for (const [name, { certificate, chain, privateKey }] of Object.entries(certificates)) {
    const server = await startTlsServer({ certificates: [certificate, ...chain], privateKey });
    // The name, not the address: what the certificate is for.
    urls[name] = `https://localhost:${server.port}`;
    const [certificateFile, keyFile] = [
      join(folder, 'tls', name, 'certificate.pem'),
      join(folder, 'tls', name, 'key.pem'),
    ];
    const served = await keepFilesLive(
      { [certificateFile]: [certificate, ...chain].join('\n'), [keyFile]: privateKey },
      ({ [certificateFile]: pem = '', [keyFile]: key = '' }) => server.serve({ certificates: [pem], privateKey: key }),
      say,
    );
    stops.push(async () => {
      served.stop();
      await server.close();
    });
  }
  const services = await startDemoServices({ authority, now });
  stops.push(() => services.close());
  Object.assign(urls, services.urls);
  const tls = join(folder, 'tls');
  return {
    addresses: { ...urls, 'ca.pem': authority.certificate },
    places: { ...urls, certificates: tls },
    hints: [`cp ${tls}/tickets/*.pem ${tls}/website/   # the website shows the certificate of another name`],
    findings: [
      'certificates-check-endpoints renewal-overdue api',
      'certificates-check-endpoints wrong-name tickets',
      'endpoints-check-health tls-failed tickets',
      ...PLANTED_SERVICES,
    ],
    actions: PLANTED_WARMINGS,
    plantedAnew: true,
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

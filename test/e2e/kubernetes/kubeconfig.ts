import type { ClientCertificate } from './certificates.ts';

/** How somebody proves who they are. */
export type Credentials = { readonly token: string } | ClientCertificate;

/** A kubeconfig with everything embedded; JSON, which is YAML too. */
export function kubeconfigOf(server: string, authority: string, credentials: Credentials): string {
  const user =
    'token' in credentials
      ? { token: credentials.token }
      : {
          'client-certificate-data': base64(credentials.certificate),
          'client-key-data': base64(credentials.privateKey),
        };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [{ name: 'test', user }],
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

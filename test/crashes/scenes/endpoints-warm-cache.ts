import { startHttpService } from '../../../lib/demo/servers/http.ts';
import type { Scene } from '../scene.ts';

const PATHS = ['/', '/events'];

/** A service that keeps what it was once asked for. */
export const scene: Scene = {
  async start() {
    const warm = new Set<string>();
    const foreign: string[] = [];
    const page = (path: string) => ({
      headers: { 'cache-control': 'public, max-age=600', 'x-cache': warm.has(path) ? 'HIT' : 'MISS' },
      body: `<html>${path}</html>`,
    });
    const counts = new Map<string, number>();
    const service = await startHttpService({
      answers: Object.fromEntries(
        PATHS.map((path) => [
          path,
          (request, response) => {
            if (request.method !== 'GET' && request.method !== 'HEAD') foreign.push(`${request.method} ${path}`);
            const { headers, body } = page(path);
            response.writeHead(200, { 'content-type': 'text/html', ...headers }).end(body);
            counts.set(path, (counts.get(path) ?? 0) + 1);
            warm.add(path);
          },
        ]),
      ),
    });
    return {
      targets: { endpoints: { shop: { url: service.url } } },
      input: { paths: PATHS, perSecond: 50 },
      async reset() {
        warm.clear();
        counts.clear();
        foreign.length = 0;
      },
      async shown() {
        return {
          effects: Object.fromEntries(PATHS.map((path) => [`warm ${path}`, counts.get(path) ?? 0])),
          mayRepeat: true,
          due: PATHS.filter((path) => !warm.has(path)),
          leftovers: [],
          damage: foreign,
        };
      },
      settle: async () => false,
      stop: () => service.close(),
    };
  },
};

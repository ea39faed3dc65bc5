import type { Scene } from '../scene.ts';
import { upkeepStage } from './_upkeep.ts';

export const scene: Scene = { start: () => upkeepStage('vacuum', {}) };

/** The names of an account whose machines are to be upgraded; everything bears the tag of its project. */

export const PROJECT = 'eventchain';
/** So many images that machines run on; one of them is the newest there is. */
export const IMAGES = 12;
export const NEWEST = IMAGES - 1;

export function instanceId(place: number): string {
  return `i-${String(place).padStart(17, '0')}`;
}

export function imageId(place: number): string {
  return `ami-${String(place).padStart(17, '0')}`;
}

export function databaseName(place: number): string {
  return `${PROJECT}-${String(place).padStart(2, '0')}`;
}

export function clusterName(place: number): string {
  return `${PROJECT}-${place}`;
}

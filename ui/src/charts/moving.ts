/** A chart that was not moved for so long rests, in milliseconds. */
export const RESTS = 150;

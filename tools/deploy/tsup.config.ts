import { bundle } from "../build/bundle.ts";

/** Five of these start at every deployment, and a bundle starts in a tenth of the time that its sources take. */
export default bundle("deploy");

// Whether this Node builds the explorer's page: what "engines" of web/package.json says.
const [major, minor] = process.versions.node.split(".").map(Number);
const isNewEnough = (major === 20 && minor >= 19) || (major === 22 && minor >= 13) || major > 22;
process.exit(isNewEnough ? 0 : 1);

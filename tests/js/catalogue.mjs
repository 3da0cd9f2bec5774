// Catalogue of the server, as tests/js/test_node.py hands it over.
import { Catalogue } from "../../static/js/config/catalogue.js";

export const CATALOGUE = new Catalogue(JSON.parse(process.env.CATALOGUE));

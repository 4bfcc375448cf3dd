// The worker's entry.
import {serve} from './serve.js';

serve(self);

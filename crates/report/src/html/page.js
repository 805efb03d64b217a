(()=>{"use strict";
})();

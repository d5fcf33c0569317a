// The default theme of VitePress, with room for the code of this repository.

import DefaultTheme from 'vitepress/theme';
import './style.css';

export default DefaultTheme;

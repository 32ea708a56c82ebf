// Starts the browser part: fonts and colours of KRDS, then the app.
import 'krds-uiux/resources/css/token/krds_tokens.css';
import './app/fonts.css';
import './app/app.css';
import { mount } from 'svelte';
import App from './app/App.svelte';

const target = document.getElementById('app');
if (target) mount(App, { target });

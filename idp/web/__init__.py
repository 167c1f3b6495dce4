"""What routes share: reading requests, browser sessions, CSRF, headers, pages and the one error renderer."""
